internal import ArgumentParser
internal import FoundationEssentials
internal import SqzProtocol
internal import Varlink

struct ModelExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a model to a safetensors file, with the weights under PyTorch's names.",
        discussion: """
            For example:
              sqzctl model export fashion-mnist fashion-mnist.safetensors
            """)

    @Argument(help: "NAME or NAME@VERSION.") var model: String
    @Argument(help: "The file; it must not exist.") var file: String
    @OptionGroup var common: Common

    func run() throws {
        let daemon = try Daemon(common)
        // A version, so that all pieces are of one file.
        let model = try daemon.call(ModelsInterface.Show.self, .init(model: model)).model
        let output = try NewFile(path: file)
        var written = 0
        while written < model.size {
            let reply = try daemon.call(
                ModelsInterface.Read.self, .init(model: "\(model.name)@\(model.version)", offset: written))
            guard let bytes = Data(base64Encoded: reply.data), !bytes.isEmpty else {
                throw ConnectionError.malformed("no data")
            }
            try output.write(Array(bytes))
            written += bytes.count
        }
        try output.commit()
        if !common.json { Output.line("\(file): \(model.name)@\(model.version), \(Format.bytes(written))") }
    }
}
