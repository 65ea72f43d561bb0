internal import FoundationEssentials
internal import Varlink

/// Everything that is made of `protocol/*.varlink`.
public enum GeneratedFiles {
    /// What every file begins with.
    static let notice = "Made of protocol/*.varlink by `make generate`: change those."

    /// The folder of the Swift files, in which there are no others.
    public static let swiftFolder = "Sources/SqzProtocol/Generated"

    /// The files by their paths below `root`, a checkout, whose interfaces are read.
    public static func make(root: String) throws -> [String: String] {
        let folder = root + "/protocol"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".varlink") }
        var texts: [String: String] = [:]
        for name in names {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
            texts["protocol/\(name)"] = String(decoding: bytes, as: UTF8.self)
        }
        return try make(interfaces: texts)
    }

    /// The files by their paths, of the interfaces' texts by theirs.
    public static func make(interfaces texts: [String: String]) throws(CompilerError) -> [String: String] {
        var interfaces: [Interface] = []
        for (file, text) in texts {
            do throws(InterfaceSyntaxError) {
                interfaces.append(try Interface(parsing: text))
            } catch {
                throw CompilerError("\(file), \(error)")
            }
        }
        let set = try InterfaceSet(interfaces)
        var files = ["clients/python/sqzd/protocol.py": try PythonWriter(set).text()]
        for (name, text) in try SwiftWriter(set).files() { files["\(swiftFolder)/\(name)"] = text }
        return files
    }
}
