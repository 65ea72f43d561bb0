internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct ModelImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Registers a model file, such as model export writes, as a model's next version.",
        discussion: """
            For example:
              sqzctl model import fashion-mnist.safetensors --name fashion-mnist
            """)

    @Argument(help: "The file.") var file: String
    @Option(help: "The model's name. By default the file's, without what says its format.")
    var name: String?
    @OptionGroup var common: Common

    func run() throws {
        let daemon = try Daemon(common)
        let name = try name ?? Importing.name(for: file, without: [ModelExport.suffix] + ModelExport.otherSuffixes)
        let sha256 = try daemon.upload(file, named: file)
        Output.endLive()
        do {
            try daemon.show(ModelsInterface.Import.self, .init(name: name, sha256: sha256)) { reply in
                Output.line("model \(reply.model.name)@\(reply.model.version)")
                if let warning = reply.model.warning { Output.line("  \(warning)") }
            }
        } catch let error as VarlinkError {
            guard case .badModel(let reason)? = SqzError(error) else { throw error }
            throw SqzError.badData(file: file, reason: reason)
        }
    }
}
