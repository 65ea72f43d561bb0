/// How a network is trained, as a value: whole in the job's checkpoints and in the model, and what `Trainer` walks over. The loss is
/// softmax cross-entropy, the mean over the batch.
public struct Recipe: Codable, Sendable, Equatable {
    /// The words of `--recipe`. One more is a case here and its value in `init(_:)`.
    public enum Name: String, CaseIterable, Codable, Sendable {
        case tutorial
    }

    public var name: Name
    public var learningRate: Float
    public var optimizer: Optimizer
    /// Whether half of the last fire module's outputs are dropped at random.
    public var usesDropout: Bool
    public var augmentation: Augmentation

    public init(_ name: Name) {
        self.name = name
        switch name {
        case .tutorial:
            learningRate = 1e-3
            optimizer = .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
            usesDropout = true
            augmentation = Augmentation(padding: 0, flips: true)
        }
    }

    public static let tutorial = Recipe(.tutorial)

    /// - Throws: `EngineError.hyperparameter` if a number makes no sense.
    public func validate() throws(EngineError) {
        guard learningRate.isFinite, learningRate > 0 else {
            throw .hyperparameter("the learning rate is \(learningRate); it must be a finite number above 0")
        }
        try optimizer.validate()
        try augmentation.validate()
    }
}
