internal import Datasets
internal import Safetensors
public import SqueezeNet

/// A trained model: everything that classifying needs, and how it was made.
public struct ModelFile: Sendable {
    public var network: Network
    public var preprocessing: Preprocessing
    /// Models of 0.1.0 do not say their learning rate: it stands here as the tutorial has it. nil in models of other programs.
    public var recipe: Recipe?
    /// Names, as many as the network has classes.
    public var classes: [String]
    public var parameters: Parameters
    /// nil in models of versions that kept none.
    public var training: TrainingRecord?
    /// nil in models of versions that kept none.
    public var history: History?
    /// nil in models of versions that had none. Whoever changes weights or preprocessing makes it anew (`withSelfTest`).
    public var selfTest: SelfTest?

    public init(
        network: Network, preprocessing: Preprocessing, recipe: Recipe?, classes: [String], weights: Weights,
        training: TrainingRecord? = nil, history: History? = nil
    ) {
        self.init(
            network: network, preprocessing: preprocessing, recipe: recipe, classes: classes,
            parameters: .float32(weights), training: training, history: history)
    }

    public init(
        network: Network, preprocessing: Preprocessing, recipe: Recipe?, classes: [String], parameters: Parameters,
        training: TrainingRecord? = nil, history: History? = nil
    ) {
        self.network = network
        self.preprocessing = preprocessing
        self.recipe = recipe
        self.classes = classes
        self.parameters = parameters
        self.training = training
        self.history = history
    }

    /// A network's numbers, in the precision in which they are kept and computed with.
    public enum Parameters: Equatable, Sendable {
        case float32(Weights)
        case int8(QuantizedWeights)
        /// Computed with in single precision.
        case shared(SharedWeights)
    }

    /// In single precision: the numbers that they stand for.
    public var weights: Weights {
        get {
            switch parameters {
            case .float32(let weights): weights
            case .int8(let weights): weights.weights(of: network)
            case .shared(let weights): weights.weights(of: network)
            }
        }
        set { parameters = .float32(newValue) }
    }

    /// How many bits a weight has in what is computed.
    public var bits: Int {
        switch parameters {
        case .float32, .shared: 32
        case .int8(let weights): weights.bits
        }
    }

    /// Multiplies its logits, in the last layer's numbers, so that whatever computes or exports them knows nothing of it. It has no
    /// self-test then.
    public mutating func scaleLogits(by factor: Float) throws(EngineError) {
        switch parameters {
        case .float32(let weights): parameters = .float32(weights.scalingLogits(network, by: factor))
        case .int8(let weights): parameters = .int8(try weights.scalingLogits(network, by: factor))
        case .shared(let weights): parameters = .shared(try weights.scalingLogits(network, by: factor))
        }
        if let lift = training?.lift { training?.lift = lift * factor }
        selfTest = nil
    }

    /// Reads and checks a file of our own format: it may come from anybody. An error does not say its path, which users do not
    /// know it by.
    public init(path: String) throws(ModelFileError) {
        self = try ModelFileError.mapped {
            let start = try ModelFormat.start(of: path)
            guard SafetensorsModel.recognizes(start) else {
                throw ModelFileError(
                    "\(StrangeFile.description(start)), no model; what is read is \(SafetensorsModel.name)")
            }
            let model = try SafetensorsModel.read(path)
            try ClassNames.checkEach(model.classes)
            try model.training?.validate()
            try model.selfTest?.validate(classes: model.network.classes)
            return model
        }
    }

    /// How many bytes its file has with these in it; it has a self-test.
    public func fileSize(sharing weights: SharedWeights) throws -> Int {
        try SharedTensors.fileSize(weights, of: network, metadata: SafetensorsModel.metadata(of: self))
    }

    /// Writes the file whole or not at all.
    public func write(to path: String) throws { try SafetensorsModel.write(self, to: path) }
}

/// Why a file is not the model or the checkpoint that it should be.
public struct ModelFileError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ reason: String) { description = reason }
}

extension ModelFileError {
    /// What reading throws, as the one error of this library.
    static func mapped<Value>(_ body: () throws -> Value) throws(ModelFileError) -> Value {
        do { return try body() } catch let error as ModelFileError {
            throw error
        } catch let error as SafetensorsError {
            throw ModelFileError(error.problem)
        } catch let error as DatasetError {
            throw ModelFileError(error.problem)
        } catch {
            throw ModelFileError("\(error)")
        }
    }
}
