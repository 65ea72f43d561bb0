internal import Safetensors
public import SqueezeNet
internal import Varlink

/// A trained model: everything that classifying needs. Its file is a safetensors file with the weights under PyTorch's names
/// and in its layouts, so that `safetensors.torch.load_file` and `load_state_dict` take it as it is.
public struct ModelFile: Sendable {
    public var network: Network
    public var preprocessing: Preprocessing
    /// Names, as many as the network has classes.
    public var classes: [String]
    public var weights: Weights

    public init(network: Network, preprocessing: Preprocessing, classes: [String], weights: Weights) {
        self.network = network
        self.preprocessing = preprocessing
        self.classes = classes
        self.weights = weights
    }

    private static let format = "sqzd-model-1"

    /// Reads and checks a file: it may come from anybody.
    public init(path: String) throws(ModelFileError) {
        do {
            let file = try SafetensorsFile(mapping: path)
            func text(_ key: String) throws -> String {
                guard let value = file.metadata[key] else { throw ModelFileError("it has no \(key)") }
                return value
            }
            func choice<C: RawRepresentable & CaseIterable>(_ key: String) throws -> C where C.RawValue == String {
                let value = try text(key)
                guard let choice = C(rawValue: value) else {
                    throw ModelFileError("its \(key) is \(value), not one of \(C.allCases.map(\.rawValue))")
                }
                return choice
            }
            guard try text("format") == Self.format else {
                throw ModelFileError("its format is \(try text("format")), not \(Self.format)")
            }
            classes = try JSON.decode([String].self, from: Array(try text("classes").utf8))
            preprocessing = try JSON.decode(Preprocessing.self, from: Array(try text("preprocessing").utf8))
            try preprocessing.validate()
            network = try Network(
                try choice("architecture"), bypass: try choice("bypass"), classes: classes.count,
                inputSize: preprocessing.size)
            weights = try Self.weights(of: network, in: file)
        } catch let error as ModelFileError {
            throw error
        } catch {
            throw ModelFileError("\(error)")
        }
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
                        "\(parameter.name) is \(tensor.type.rawValue) \(tensor.shape), must be F32 \(parameter.shape)")
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

    /// Writes the file whole or not at all.
    public func write(to path: String) throws {
        let writer = try SafetensorsWriter(
            path: path,
            tensors: network.parameters.map { TensorDeclaration(name: $0.name, type: .float32, shape: $0.shape) },
            metadata: [
                "format": Self.format, "architecture": network.architecture.rawValue, "bypass": network.bypass.rawValue,
                "classes": String(decoding: try JSON.encode(classes), as: UTF8.self),
                "preprocessing": String(decoding: try JSON.encode(preprocessing), as: UTF8.self),
            ])
        try weights.withUnsafeBytes { bytes in
            for parameter in network.parameters {
                let size = MemoryLayout<Float>.size
                let range = (parameter.offset * size)..<((parameter.offset + parameter.count) * size)
                try writer.write(UnsafeRawBufferPointer(rebasing: bytes[range]), to: parameter.name)
            }
        }
        try writer.commit()
    }
}

/// Why a file is not the model or the checkpoint that it should be.
public struct ModelFileError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ reason: String) { description = reason }
}
