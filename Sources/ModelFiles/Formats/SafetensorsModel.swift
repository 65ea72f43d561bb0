internal import Safetensors
internal import SqueezeNet
internal import Varlink

/// Our own format: a safetensors file with the weights under PyTorch's names and in its layouts, so that
/// `safetensors.torch.load_file` and `load_state_dict` take it as it is. The metadata say the rest:
///
/// | key | |
/// |---|---|
/// | `format` | `sqzd-model-2` |
/// | `architecture`, `bypass` | the words of the options |
/// | `classes` | the names, a JSON array |
/// | `preprocessing`, `recipe` | the values of these types, JSON objects |
/// | `training` | a `TrainingRecord`; may be missing |
///
/// `sqzd-model-1`, of 0.1.0, has neither recipe nor training, and the training's padding and flips within its preprocessing. Other
/// keys are refused: what is not understood might be what a picture must go through.
enum SafetensorsModel {
    static let format = ModelFormat(
        name: "safetensors (\(Version.allCases.map(\.rawValue).joined(separator: ", ")))",
        // The header's length, far below 2⁴⁰, then the header.
        recognizes: { $0.count > 8 && $0[5...8] == [0, 0, 0, UInt8(ascii: "{")] }, read: read)

    private enum Version: String, CaseIterable {
        case one = "sqzd-model-1"
        case two = "sqzd-model-2"

        var keys: Set<String> {
            let keys: Set = ["format", "architecture", "bypass", "classes", "preprocessing"]
            return self == .one ? keys : keys.union(["recipe", "training"])
        }
    }

    private static func read(_ path: String) throws -> ModelFile {
        let file = try SafetensorsFile(mapping: path)
        func text(_ key: String) throws -> String {
            guard let value = file.metadata[key] else {
                throw ModelFileError("its metadata has no \(key), so it is no model of sqzd")
            }
            return value
        }
        func choice<C: RawRepresentable & CaseIterable>(_ key: String) throws -> C where C.RawValue == String {
            let value = try text(key)
            guard let choice = C(rawValue: value) else {
                let known = C.allCases.map(\.rawValue).joined(separator: ", ")
                throw ModelFileError("its \(key) is \(value.prefix(60)); what is read is \(known)")
            }
            return choice
        }
        func value<T: Decodable>(_ key: String) throws -> T {
            let text = try text(key)
            do throws(JSONError) {
                return try JSON.decode(T.self, from: Array(text.utf8), unknownKeys: .refuse)
            } catch {
                throw ModelFileError(error.sentence(about: "its " + key))
            }
        }
        let version: Version = try choice("format")
        if let stranger = file.metadata.keys.filter({ !version.keys.contains($0) }).min() {
            throw ModelFileError("its metadata has \(stranger.prefix(60)), which \(version.rawValue) does not know")
        }
        let preprocessing: Preprocessing
        var recipe: Recipe
        switch version {
        case .one:
            let both: Preparation1 = try value("preprocessing")
            guard (1...Network.largestInput).contains(both.sourceSize) else {
                throw ModelFileError(
                    "its preprocessing.sourceSize is \(both.sourceSize); right would be 1 to \(Network.largestInput)")
            }
            preprocessing = try Preprocessing(size: both.size)
            recipe = .tutorial
            recipe.augmentation = Augmentation(padding: both.padding, flips: both.flips)
        case .two:
            preprocessing = try value("preprocessing")
            recipe = try value("recipe")
        }
        try recipe.validate()
        let classes: [String] = try value("classes")
        let network = try Network(
            try choice("architecture"), bypass: try choice("bypass"), classes: classes.count,
            inputSize: preprocessing.size)
        return ModelFile(
            network: network, preprocessing: preprocessing, recipe: recipe, classes: classes,
            weights: try weights(of: network, in: file),
            training: file.metadata["training"] == nil ? nil : try value("training"))
    }

    /// `sourceSize` is what pictures had; today each says its own size.
    private struct Preparation1: Decodable {
        let sourceSize: Int
        let size: Int
        let padding: Int
        let flips: Bool
    }

    private static func weights(of network: Network, in file: SafetensorsFile) throws -> Weights {
        guard file.tensors.count == network.parameters.count else {
            throw ModelFileError("it has \(file.tensors.count) tensors, the network has \(network.parameters.count)")
        }
        var values = [Float](repeating: 0, count: network.parameterCount)
        try values.withUnsafeMutableBytes { values in
            for parameter in network.parameters {
                guard let tensor = file.tensors[parameter.name] else {
                    throw ModelFileError("it has no \(parameter.name)")
                }
                guard tensor.type == .float32, tensor.shape == parameter.shape else {
                    throw ModelFileError(
                        "\(parameter.name) is \(tensor.type.rawValue) \(tensor.shape); right would be F32 \(parameter.shape)"
                    )
                }
                let size = MemoryLayout<Float>.size
                values[(parameter.offset * size)..<((parameter.offset + parameter.count) * size)]
                    .copyBytes(from: file.bytes(of: tensor))
            }
        }
        let weights = try Weights(network, values: values)
        guard weights.areFinite else { throw ModelFileError("some of its weights are not finite") }
        return weights
    }

    static func write(_ model: ModelFile, to path: String) throws {
        func text(_ value: some Encodable) throws -> String { String(decoding: try JSON.encode(value), as: UTF8.self) }
        let network = model.network
        var metadata = [
            "format": Version.two.rawValue, "architecture": network.architecture.rawValue,
            "bypass": network.bypass.rawValue, "classes": try text(model.classes),
            "preprocessing": try text(model.preprocessing), "recipe": try text(model.recipe),
        ]
        metadata["training"] = try model.training.map(text)
        let writer = try SafetensorsWriter(
            path: path,
            tensors: network.parameters.map { TensorDeclaration(name: $0.name, type: .float32, shape: $0.shape) },
            metadata: metadata)
        try model.weights.withUnsafeBytes { bytes in
            for parameter in network.parameters {
                let size = MemoryLayout<Float>.size
                let range = (parameter.offset * size)..<((parameter.offset + parameter.count) * size)
                try writer.write(UnsafeRawBufferPointer(rebasing: bytes[range]), to: parameter.name)
            }
        }
        try writer.commit()
    }
}
