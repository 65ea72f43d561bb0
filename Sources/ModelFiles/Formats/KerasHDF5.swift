/// Weights or a whole model as Keras writes them to `.h5`.
enum KerasHDF5 {
    static let format = ModelFormat(
        name: "Keras (.h5, .keras)", recognizes: { $0.starts(with: [0x89] + Array("HDF\r\n".utf8) + [0x1a, 0x0a]) },
        read: read)

    private static func read(_ path: String) throws -> ForeignModel {
        let bytes = try MappedBytes(path: path)
        let file = try HDF5File(bytes.bytes, of: bytes)
        var model = try model(file)
        if let text = try file.texts(configuration, of: file.root).first {
            model.keras = try KerasConfiguration(Array(text.utf8), in: "its \(configuration)")
        }
        return model
    }

    /// The attribute of a whole model.
    private static let configuration = "model_config"

    static func model(_ file: HDF5File) throws -> ForeignModel {
        let tensors = try KerasWeights(file).tensors
        // The stem of 1.0 has 96 filters. Keras' pools and ours have the same windows where these fit, at 227 for 1.0 and at 224
        // for 1.1.
        let is10 = tensors.contains { $0.shape.count == 4 && $0.shape[0] == 96 && $0.shape[1] == 3 }
        return ForeignModel(origin: "Keras' networks", tensors: tensors, usual: is10 ? .caffe : .keras)
    }
}
