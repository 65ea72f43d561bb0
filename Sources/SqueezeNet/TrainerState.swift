/// One picture of a training batch. The engine reads the bytes during `Trainer.step` only.
public struct Example {
    /// `Preprocessing.pictureBytes` bytes: planes R, G, B.
    public var picture: UnsafePointer<UInt8>
    public var label: Int
    /// The example's place in the data set: with seed and epoch it keys its random crop, flip and dropout.
    public var index: Int

    public init(picture: UnsafePointer<UInt8>, label: Int, index: Int) {
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

/// What one step found, before it changed the weights.
public struct StepResult: Sendable, Equatable {
    /// Sum of the examples' losses; not finite once the training has diverged.
    public var lossSum: Double
    /// How many examples the network, with its dropout, put into their class.
    public var correct: Int
    /// How many examples there were.
    public var count: Int

    public var meanLoss: Double { lossSum / Double(count) }
    public var isFinite: Bool { lossSum.isFinite }
}
