internal import FoundationEssentials
internal import OptionCompiler
internal import SqzRunner

// Run by `make generate` in the package's folder.
for (path, text) in OptionCompiler.files(for: JobKinds.all) {
    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
}
