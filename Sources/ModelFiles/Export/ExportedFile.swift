/// A model as a file of another program.
public struct ExportedFile: Sendable {
    /// The raw values are the words of `--format`.
    public enum Format: String, CaseIterable, Sendable {
        case onnx, pytorch
    }

    public let bytes: [UInt8]
    /// The Python text that makes the network of a state dict; nil where the file has the network itself.
    public let module: String?

    /// - Parameter floatInput: an ONNX graph takes normalized pictures, instead of normalizing bytes itself.
    public init(_ model: ModelFile, as format: Format, floatInput: Bool = false) throws(ModelFileError) {
        guard case .float32(let weights) = model.parameters else {
            throw ModelFileError(
                "it is a model of eight bits, which \(format.rawValue) is not written of; right would be safetensors, or the "
                    + "model that it was made of")
        }
        self = try ModelFileError.mapped {
            switch format {
            case .onnx:
                ExportedFile(bytes: try ONNXWriting.file(of: model, weights, floatInput: floatInput), module: nil)
            case .pytorch:
                ExportedFile(
                    bytes: try TorchStateDict.file(of: model, weights),
                    module: TorchModule(network: model.network, preprocessing: model.preprocessing).text)
            }
        }
    }

    private init(bytes: [UInt8], module: String?) {
        self.bytes = bytes
        self.module = module
    }
}
