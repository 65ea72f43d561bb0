/// One picture of a training batch. The engine reads its bytes during `Trainer.step` only.
public struct Example {
    public var picture: Picture
    public var label: Int
    /// The example's place in the data set: with seed and epoch it keys its random crop, flip and dropout.
    public var index: Int

    public init(picture: Picture, label: Int, index: Int) {
        self.picture = picture
        self.label = label
        self.index = index
    }
}

/// All that a training carries from one step to the next: restoring it continues bit for bit.
public struct TrainerState: Sendable, Equatable {
    public var weights: Weights
    /// Adam's running mean of the gradients.
    public var firstMoment: Weights
    /// Adam's running mean of their squares.
    public var secondMoment: Weights
    /// Steps taken.
    public var steps: Int

    public init(weights: Weights, firstMoment: Weights, secondMoment: Weights, steps: Int) {
        self.weights = weights
        self.firstMoment = firstMoment
        self.secondMoment = secondMoment
        self.steps = steps
    }

    /// The state before the first step.
    public init(weights: Weights) {
        let zeros = Weights(values: [Float](repeating: 0, count: weights.values.count))
        self.init(weights: weights, firstMoment: zeros, secondMoment: zeros, steps: 0)
    }
}
