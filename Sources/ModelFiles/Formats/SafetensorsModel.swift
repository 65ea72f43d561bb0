internal import Safetensors
internal import SqueezeNet
internal import Varlink

/// Our own format: a safetensors file with the weights under PyTorch's names and in its layouts, so that
/// `safetensors.torch.load_file` and `load_state_dict` take it as it is. The metadata say the rest:
///
/// | key | |
/// |---|---|
/// | `format` | `sqzd-model-3` |
/// | `architecture`, `bypass` | the words of the options |
/// | `classes` | the names, a JSON array |
/// | `preprocessing` | the value of this type, a JSON object |
/// | `recipe` | a `Recipe`; missing where another program trained |
/// | `training` | a `TrainingRecord`; may be missing |
/// | `history` | a `History`, a JSON array; may be missing |
/// | `selfTest` | a `SelfTest` |
/// | `classifierPadding` | zeros on each side of the classifier's input; missing is 0 |
/// | `width` | times as many filters as the architecture has; missing is 1 |
/// | `precision` | of `sqzd-model-6`: `int8`, or `int4` to `int7`; of `sqzd-model-5`: `shared` |
///
/// `sqzd-model-6` is one of eight bits: weights of type I8, with a `scale` (F32) a filter beside `weight` and `bias` (I32), and a tensor
/// `activations` (F32), the steps of `Network.activations`; with complex bypass, which makes values below zero, another, `zeros` (U8), of
/// what stands for zero. What they mean, `QuantizedWeights` says. Of fewer bits, the weights of the layers between the first and the last
/// are bytes (U8), as `PackedBits` packs them. `sqzd-model-4` is the same with activations of seven bits.
///
/// `sqzd-model-5` is one whose weights are few numbers, as `SharedTensors` has them.
///
/// `sqzd-model-2` has neither history nor self-test nor padding. `sqzd-model-1`, of 0.1.0, has neither recipe nor training, and the
/// training's padding and flips within its preprocessing. Other keys are refused: what is not understood might be what a picture must
/// go through.
enum SafetensorsModel {
    /// As an error says what is read.
    static let name = "safetensors (\(Version.allCases.map(\.rawValue).joined(separator: ", ")))"

    /// Whether a file begins as a safetensors file does: with the header's length, far below 2⁴⁰, then the header.
    @Sendable static func recognizes(_ start: [UInt8]) -> Bool {
        start.count > 8 && start[5...8] == [0, 0, 0, UInt8(ascii: "{")]
    }

    /// Whether a safetensors file says that it is one of ours, of whichever version.
    static func isOwn(_ path: String) throws -> Bool {
        guard recognizes(try ModelFormat.start(of: path)) else { return false }
        let metadata = try SafetensorsFile(mapping: path).metadata
        return metadata["format"]?.hasPrefix("sqzd-") == true || metadata["architecture"] != nil
    }

    /// The same of metadata that stand in another program's file.
    static func isOwn(_ metadata: [String: String]) -> Bool { metadata["format"]?.hasPrefix("sqzd-") == true }

    /// What of metadata a model in single precision has.
    static func known(_ metadata: [String: String]) -> [String: String] {
        metadata.filter { Version.three.keys.contains($0.key) }
    }

    private enum Version: String, CaseIterable {
        case one = "sqzd-model-1"
        case two = "sqzd-model-2"
        case three = "sqzd-model-3"
        case four = "sqzd-model-4"
        case five = "sqzd-model-5"
        case six = "sqzd-model-6"

        var keys: Set<String> {
            var keys: Set = ["format", "architecture", "bypass", "classes", "preprocessing"]
            if self != .one { keys.formUnion(["recipe", "training"]) }
            if hasSelfTest {
                keys.formUnion(["history", "selfTest", "classifierPadding", "width"])
            }
            if self == .four || self == .five || self == .six { keys.insert("precision") }
            return keys
        }

        var hasSelfTest: Bool { self != .one && self != .two }

        /// Of a model in whole numbers.
        var activationBits: QuantizedWeights.ActivationBits { self == .four ? .seven : .eight }

        var precisions: [Precision] {
            switch self {
            case .one, .two, .three: [.float32]
            case .four, .six: [.int8, .int7, .int6, .int5, .int4]
            case .five: [.shared]
            }
        }
    }

    static func read(_ path: String) throws -> ModelFile {
        let file = try SafetensorsFile(mapping: path)
        return try model(file.metadata) { network, precision, activationBits in
            switch precision {
            case .float32: .float32(try weights(of: network, in: file))
            case .shared: .shared(try SharedTensors.weights(of: network, in: file))
            default:
                .int8(
                    try QuantizedTensors.weights(
                        of: network, bits: precision.bits, activationBits: activationBits, in: file))
            }
        }
    }

    /// What a file may say of its weights.
    enum Precision: String, CaseIterable {
        case float32, int8, int7, int6, int5, int4, shared

        init(bits: Int) { self = Self.allCases.first { $0.bits == bits }! }

        /// Of a weight.
        var bits: Int {
            switch self {
            case .float32, .shared: 32
            case .int8: 8
            case .int7: 7
            case .int6: 6
            case .int5: 5
            case .int4: 4
            }
        }
    }

    /// The model that metadata tell of, wherever they stand, with parameters from there.
    /// - Parameter isProven: nobody has changed its parameters since: it has a self-test, in formats that have.
    static func model(
        _ metadata: [String: String], isProven: Bool = true,
        parameters: (Network, Precision, QuantizedWeights.ActivationBits) throws -> ModelFile.Parameters
    ) throws -> ModelFile {
        func text(_ key: String) throws -> String {
            guard let value = metadata[key] else {
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
        func number(_ key: String) throws -> Int? {
            guard let text = metadata[key] else { return nil }
            guard let number = Int(text) else {
                throw ModelFileError("its \(key) is \(text.prefix(60)); right would be a whole number")
            }
            return number
        }
        let version: Version = try choice("format")
        if let stranger = metadata.keys.filter({ !version.keys.contains($0) }).min() {
            throw ModelFileError("its metadata has \(stranger.prefix(60)), which \(version.rawValue) does not know")
        }
        let preprocessing: Preprocessing
        var recipe: Recipe?
        switch version {
        case .one:
            let both: Preparation1 = try value("preprocessing")
            guard (1...Network.largestInput).contains(both.sourceSize) else {
                throw ModelFileError(
                    "its preprocessing.sourceSize is \(both.sourceSize); right would be 1 to \(Network.largestInput)")
            }
            preprocessing = try Preprocessing(size: both.size)
            recipe = .tutorial
            recipe?.augmentation = Augmentation(padding: both.padding, flips: both.flips)
        case .two, .three, .four, .five, .six:
            preprocessing = try value("preprocessing")
            recipe = metadata["recipe"] == nil ? nil : try value("recipe")
        }
        try recipe?.validate()
        let classes: [String] = try value("classes")
        let network = try Network(
            try choice("architecture"), width: try number("width") ?? 1, bypass: try choice("bypass"),
            classes: classes.count,
            inputSize: preprocessing.size,
            classifierPadding: try number("classifierPadding") ?? 0)
        let precision: Precision = version.keys.contains("precision") ? try choice("precision") : .float32
        guard version.precisions.contains(precision) else {
            let right = version.precisions.map(\.rawValue).joined(separator: ", ")
            throw ModelFileError(
                "its precision is \(precision.rawValue); right in \(version.rawValue) would be \(right)")
        }
        var model = ModelFile(
            network: network, preprocessing: preprocessing, recipe: recipe, classes: classes,
            parameters: try parameters(network, precision, version.activationBits),
            training: metadata["training"] == nil ? nil : try value("training"),
            history: try metadata["history"].map { try History(text: $0) })
        model.selfTest = isProven && version.hasSelfTest ? try value("selfTest") : nil
        return model
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

    /// That of what the model has: without a self-test it is none of today's.
    private static func version(of model: ModelFile) throws(ModelFileError) -> Version {
        guard model.selfTest == nil else {
            return switch model.parameters {
            case .float32: .three
            case .int8(let weights): weights.activationBits == .seven ? .four : .six
            case .shared: .five
            }
        }
        guard model.history == nil, model.network.classifierPadding == 0, model.network.width == 1,
            case .float32 = model.parameters
        else {
            throw ModelFileError("it has no self-test: its logits are no finite numbers, or nobody computed them")
        }
        return .two
    }

    /// What a file says of a model beside its weights, under the keys above.
    static func metadata(of model: ModelFile) throws -> [String: String] {
        func text(_ value: some Encodable) throws -> String { String(decoding: try JSON.encode(value), as: UTF8.self) }
        let network = model.network
        var metadata = [
            "format": try version(of: model).rawValue, "architecture": network.architecture.rawValue,
            "bypass": network.bypass.rawValue, "classes": try text(model.classes),
            "preprocessing": try text(model.preprocessing),
        ]
        if network.width > 1 { metadata["width"] = "\(network.width)" }
        if network.classifierPadding > 0 { metadata["classifierPadding"] = "\(network.classifierPadding)" }
        metadata["recipe"] = try model.recipe.map(text)
        metadata["training"] = try model.training.map(text)
        metadata["history"] = try model.history?.text
        metadata["selfTest"] = try model.selfTest.map(text)
        switch model.parameters {
        case .float32: break
        case .int8(let weights): metadata["precision"] = Precision(bits: weights.bits).rawValue
        case .shared: metadata["precision"] = Precision.shared.rawValue
        }
        return metadata
    }

    static func write(_ model: ModelFile, to path: String) throws {
        let network = model.network
        switch model.parameters {
        case .float32(let weights):
            let writer = try SafetensorsWriter(
                path: path,
                tensors: network.parameters.map { TensorDeclaration(name: $0.name, type: .float32, shape: $0.shape) },
                metadata: try metadata(of: model))
            for parameter in network.parameters {
                try weights.withBytes(of: parameter) { try writer.write($0, to: parameter.name) }
            }
            try writer.commit()
        case .int8(let weights):
            try QuantizedTensors.write(weights, of: network, metadata: try metadata(of: model), to: path)
        case .shared(let weights):
            try SharedTensors.write(weights, of: network, metadata: try metadata(of: model), to: path)
        }
    }
}
