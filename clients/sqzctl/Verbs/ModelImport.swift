internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct ModelImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Registers a model file, of this or of another program, as a model's next version.",
        discussion: """
            What a file is, its content says: safetensors, such as model export and Hugging Face's libraries write; PyTorch's \
            state dict (torch.save); ONNX; Keras' .h5 and .keras; Deep Compression's SqueezeNet.

            For example:
              sqzctl model import fashion-mnist.safetensors --name fashion-mnist
              sqzctl model import squeezenet1_1.pth --classes imagenet.txt
            """)

    @Argument(help: "The file.", completion: .file()) var file: String
    @Option(help: "The model's name. By default the file's, without what says its format.")
    var name: String?
    @Option(help: "A file with the classes' names, one a line, instead of those in the file.", completion: .file())
    var classes: String?
    @Option(
        help: ArgumentHelp(
            "What pictures go through: as torchvision, caffe, keras or tutorial has it. By default what the file says, or is usual.",
            valueName: "whose"),
        completion: .list(["torchvision", "caffe", "keras", "tutorial"]))
    var preprocessing: String?
    @OptionGroup var common: Common

    /// What formats' files are called.
    private static let suffixes =
        ExportFormat.allCases.flatMap(\.suffixes) + [
            ".ckpt", ".h5", ".hdf5", ".keras", ".pb", ".tflite", ".npz", ".caffemodel", ".mlmodel", ".gguf",
        ]

    func run() throws {
        let names = try classes.map { try ClassList(path: $0).names }
        let daemon = try Daemon(common)
        let name = try name ?? Importing.name(for: file, without: Self.suffixes)
        let upload = try Upload(file: file, named: file)
        try daemon.send(upload)
        Output.endLive()
        do {
            let parameters = ModelsInterface.Import.Parameters(
                name: name, sha256: upload.sha256, classes: names, preprocessing: preprocessing)
            try daemon.show(ModelsInterface.Import.self, parameters) { reply in
                Output.line("model \(reply.model.name)@\(reply.model.version)")
                for sentence in reply.sentences { Output.line("  \(sentence)") }
            }
        } catch let error as VarlinkError {
            guard case .badModel(let reason)? = SqzError(error) else { throw error }
            throw SqzError.badData(file: file, reason: reason)
        }
    }
}
