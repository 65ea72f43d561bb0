/// A model as a file of another program.
public struct ExportedFile: Sendable {
    /// The raw values are the words of `--format`.
    public enum Format: String, CaseIterable, Sendable {
        case onnx, pytorch
        case deepCompression = "deep-compression"
    }

    public let bytes: [UInt8]
    /// The Python text that makes the network of a state dict; nil where the file has the network itself.
    public let module: String?

    /// - Parameter floatInput: an ONNX graph takes normalized pictures, instead of normalizing bytes itself.
    public init(_ model: ModelFile, as format: Format, floatInput: Bool = false) throws(ModelFileError) {
        self = try ModelFileError.mapped {
            var model = model
            // Few numbers are our own form alone.
            if case .shared = model.parameters { model.weights = model.weights }
            return switch (format, model.parameters) {
            case (.onnx, _):
                ExportedFile(bytes: try ONNXWriting.file(of: model, floatInput: floatInput), module: nil)
            case (.pytorch, .float32), (.pytorch, .shared):
                ExportedFile(
                    bytes: try TorchStateDict.file(of: model, model.weights),
                    module: TorchModule(network: model.network, preprocessing: model.preprocessing).text)
            case (.deepCompression, .float32), (.deepCompression, .shared):
                ExportedFile(bytes: try DeepCompression.file(of: model.network, model.weights), module: nil)
            case (.pytorch, .int8), (.deepCompression, .int8):
                throw ModelFileError(
                    "it is a model of eight bits, which \(format.rawValue) is not written of; right would be onnx, safetensors, "
                        + "or the model that it was made of")
            }
        }
    }

    private init(bytes: [UInt8], module: String?) {
        self.bytes = bytes
        self.module = module
    }
}
