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
              sqzctl model export fashion-mnist - | sha256sum
            """)

    @Argument(help: "NAME or NAME@VERSION.") var model: String
    @Argument(help: "The file; it must not exist. - is standard output.") var file: String
    @OptionGroup var common: Common

    static let suffix = ".safetensors"
    /// What other formats' files are called.
    static let otherSuffixes = [
        ".onnx", ".pth", ".pt", ".ckpt", ".h5", ".hdf5", ".keras", ".pb", ".tflite", ".npz", ".caffemodel", ".mlmodel",
        ".gguf",
    ]

    func validate() throws {
        if let other = Self.otherSuffixes.first(where: file.lowercased().hasSuffix) {
            throw ValidationError(
                "\(file): what is written is a safetensors file; its name ends in \(Self.suffix), not in \(other)")
        }
    }

    func run() throws {
        let daemon = try Daemon(common)
        // A version, so that all pieces are of one file.
        let model = try daemon.call(ModelsInterface.Show.self, .init(model: model)).model
        let name = "\(model.name)@\(model.version)"
        if file == "-" {
            return try read(name, model.size, daemon) {
                Output.write($0)
                return Output.isOpen ? .more : .stop
            }
        }
        let output = try NewFile(path: file)
        try read(name, model.size, daemon) {
            try output.write($0)
            return .more
        }
        try output.commit()
        if !common.json, output.isFile { Output.line("\(file): \(name), \(Format.bytes(model.size))") }
    }

    private func read(_ name: String, _ size: Int, _ daemon: Daemon, _ body: ([UInt8]) throws -> Client.Next) throws {
        var count = 0
        while count < size {
            let reply = try daemon.call(ModelsInterface.Read.self, .init(model: name, offset: count))
            guard let bytes = Data(base64Encoded: reply.data), !bytes.isEmpty else {
                throw ConnectionError.malformed("no data")
            }
            guard try body(Array(bytes)) == .more else { return }
            count += bytes.count
        }
    }
}
