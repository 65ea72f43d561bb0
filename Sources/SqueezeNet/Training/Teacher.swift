internal import CSqueezeKernels

/// How a network learns of another one's logits, beside the labels (Hinton et al., arXiv 1503.02531).
public struct Distillation: Codable, Sendable, Equatable {
    /// What both networks' logits are divided by: the higher, the more the unlikely classes count.
    public var temperature: Float
    /// The teacher's share of the loss; the labels have the rest.
    public var share: Float

    public init(temperature: Float = 4, share: Float = 0.9) {
        self.temperature = temperature
        self.share = share
    }

    func validate() throws(EngineError) {
        guard temperature.isFinite, temperature > 0 else {
            throw .hyperparameter("the temperature is \(temperature); right would be a finite number above 0")
        }
        guard (0...1).contains(share) else {
            throw .hyperparameter("the teacher's share of the loss is \(share); right would be 0 to 1")
        }
    }
}

/// A network that another one learns of. It sees the pictures as that one does, cropped and mirrored alike, with its own channels and
/// normalization.
public struct Teacher {
    let network: Network
    let weights: Weights
    let preprocessing: Preprocessing

    /// - Throws: `EngineError` if the sizes do not match.
    public init(network: Network, weights: Weights, preprocessing: Preprocessing) throws(EngineError) {
        guard weights.values.count == network.parameterCount else {
            throw .valueCount(weights.values.count, expected: network.parameterCount)
        }
        try preprocessing.validate(for: network)
        self.network = network
        self.weights = weights
        self.preprocessing = preprocessing
    }

    /// - Throws: `EngineError.hyperparameter` where its logits mean nothing to a network, or its crops would be others.
    func validate(for student: Network) throws(EngineError) {
        guard network.classes == student.classes else {
            throw .hyperparameter("the teacher tells \(network.classes) classes apart; there are \(student.classes)")
        }
        guard network.inputSize == student.inputSize else {
            throw .hyperparameter(
                "the teacher takes \(network.inputSize)x\(network.inputSize) pixels; right would be \(student.inputSize)x\(student.inputSize)"
            )
        }
    }

    /// - Parameter preprocessing: the student's.
    func backbone(
        of preprocessing: Preprocessing, pool: ComputePool, kernels: UnsafePointer<sqz_kernels>
    ) throws(EngineError) -> Backbone {
        let own = try Preprocessing(
            size: preprocessing.size, squares: preprocessing.squares, channels: self.preprocessing.channels,
            normalization: self.preprocessing.normalization)
        return try Backbone(
            network, blocks: network.blocks.count, weights: weights, own, pool: pool, kernels: kernels)
    }
}
