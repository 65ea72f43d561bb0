internal import FoundationEssentials
internal import VarlinkCompiler

// Writes what is made of `protocol/`, in the checkout that is the working directory.
let files = try GeneratedFiles.make(root: ".")
for name in try FileManager.default.contentsOfDirectory(atPath: GeneratedFiles.swiftFolder)
where files["\(GeneratedFiles.swiftFolder)/\(name)"] == nil {
    try FileManager.default.removeItem(atPath: "\(GeneratedFiles.swiftFolder)/\(name)")
}
for (path, text) in files {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
}
