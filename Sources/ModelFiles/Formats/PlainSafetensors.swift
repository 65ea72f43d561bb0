internal import Safetensors

/// A safetensors file of others: Hugging Face's, timm's, `safetensors.torch.save_file` of a state dict.
enum PlainSafetensors {
    static let format = ModelFormat(name: "safetensors", recognizes: SafetensorsModel.recognizes, read: read)

    private static func read(_ path: String) throws -> ForeignModel {
        let file = try SafetensorsFile(mapping: path)
        let tensors = file.tensors.sorted {
            ($0.value.byteRange.lowerBound, $0.key) < ($1.value.byteRange.lowerBound, $1.key)
        }
        return ForeignModel(
            origin: "PyTorch's networks",
            tensors: tensors.map { name, info in
                ForeignTensor(name: name, type: info.type.rawValue, shape: info.shape) {
                    guard let element = Element(rawValue: info.type.rawValue) else {
                        throw ModelFileError(
                            "\(name.prefix(120)) is \(info.type.rawValue); right would be F32, F16, BF16 or F64")
                    }
                    return element.values(in: file.bytes(of: info))
                }
            }, usual: .torchvision)
    }
}
