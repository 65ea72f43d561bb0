internal import CSqueezeKernels

/// All parameters of a network: float32, contiguous, in the order of `Network.parameters`, in PyTorch's layout (OIHW).
public struct Weights: Sendable, Equatable {
    public private(set) var values: [Float]

    /// - Throws: `EngineError.valueCount` if there are not exactly `network.parameterCount` values.
    public init(_ network: Network, values: [Float]) throws(EngineError) {
        guard values.count == network.parameterCount else {
            throw .valueCount(values.count, expected: network.parameterCount)
        }
        self.values = values
    }

    /// Glorot-uniform weights (TensorFlow's `glorot_uniform`: limit √(6 / (fan in + fan out)), a fan counting the kernel's
    /// pixels) and zero biases.
    public init(glorotUniformFor network: Network, seed: UInt64) {
        values = [Float](repeating: 0, count: network.parameterCount)
        for (index, parameter) in network.parameters.enumerated() where parameter.shape.count == 4 {
            let window = parameter.shape[2] * parameter.shape[3]
            let fans = Double(window * (parameter.shape[0] + parameter.shape[1]))
            let limit = Float((6 / fans).squareRoot())
            let random = CounterRandom(seed: seed, purpose: .weights, epoch: 0, index: index)
            for offset in 0..<parameter.count {
                values[parameter.offset + offset] = limit * (2 * random.uniform(at: offset) - 1)
            }
        }
    }

    /// The weights that a model is tuned from: its own, but for a classifier that is to be learnt anew. That begins small, so that no
    /// class is likelier than another: the features of a trained network have no usual size, and Caffe's are large.
    /// - Parameters:
    ///   - model: of the same architecture and bypass.
    ///   - keepsClassifier: whether the classes are the model's.
    /// - Throws: `EngineError.hyperparameter` if an input of another size has made another first convolution.
    public init(
        tuning weights: Weights, of model: Network, for network: Network, keepsClassifier: Bool, seed: UInt64
    ) throws(EngineError) {
        self.init(glorotUniformFor: network, seed: seed)
        for parameter in network.parameters where parameter.name == "classifier.1.weight" {
            let random = CounterRandom(seed: seed, purpose: .weights, epoch: 0, index: network.parameters.count - 2)
            for offset in 0..<parameter.count {
                values[parameter.offset + offset] = Self.newClassifierLimit * (2 * random.uniform(at: offset) - 1)
            }
        }
        for (parameter, old) in zip(network.parameters, model.parameters)
        where keepsClassifier || !parameter.name.hasPrefix("classifier.") {
            guard parameter.shape == old.shape else {
                throw .hyperparameter(
                    """
                    of \(network.inputSize)x\(network.inputSize) pixels \(parameter.name) is \(parameter.shape), the model's is \
                    \(old.shape), for \(model.inputSize)x\(model.inputSize)
                    """)
            }
            values.replaceSubrange(
                parameter.offset..<parameter.offset + parameter.count,
                with: weights.values[old.offset..<old.offset + old.count])
        }
    }

    /// Of uniform weights whose standard deviation is the 0.01 that Caffe's SqueezeNet and torchvision's give this layer.
    private static let newClassifierLimit = 0.01 * Float(3).squareRoot()

    init(values: [Float]) {
        self.values = values
    }

    /// Adds one number to all biases of the classifier: it goes through the average over the pixels to every logit, and changes no
    /// probability. With it, scores that are below zero pass the ReLU of inference unchanged.
    /// - Parameter smallest: the smallest score that the network gives. The lift is twice as large, for pictures that were not looked
    ///   at; a larger one would cost the logits' last bits.
    /// - Returns: what was added.
    public mutating func lift(_ network: Network, smallestScore smallest: Float) -> Float {
        guard smallest < 0 else { return 0 }
        let lift = (-2 * smallest).rounded(.up)
        let biases = network.parameters.last!
        for place in biases.offset..<biases.offset + biases.count { values[place] += lift }
        return lift
    }

    /// Gives every logit times a number: the classifier is linear, and its ReLU, the average and the padding let a factor above 0
    /// through. Its numbers are rounded once more, which may turn round logits that are as good as equal.
    public func scalingLogits(_ network: Network, by factor: Float) -> Weights {
        precondition(factor > 0)
        var scaled = self
        for parameter in network.parameters.suffix(2) {
            for place in parameter.offset..<parameter.offset + parameter.count { scaled.values[place] *= factor }
        }
        return scaled
    }

    /// Whether every value is finite.
    public var areFinite: Bool { values.allSatisfy(\.isFinite) }

    /// The values as little-endian bytes on the machines that we support: for digests and files.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try values.withUnsafeBytes(body)
    }
}
