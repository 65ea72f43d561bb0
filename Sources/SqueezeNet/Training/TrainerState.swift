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
    /// What the optimizer keeps, under its names (`Optimizer.slots`). Before the first step there may be none: they are zero.
    public var slots: [String: Weights]
    /// Steps taken.
    public var steps: Int

    public init(weights: Weights, slots: [String: Weights] = [:], steps: Int = 0) {
        self.weights = weights
        self.slots = slots
        self.steps = steps
    }

    /// - Throws: `EngineError` if a size does not match, or if the slots are not those of the optimizer.
    func validate(for network: Network, _ optimizer: Optimizer) throws(EngineError) {
        for tensor in [weights] + slots.values where tensor.values.count != network.parameterCount {
            throw .valueCount(tensor.values.count, expected: network.parameterCount)
        }
        guard slots.keys.sorted() == optimizer.slots.sorted() || (steps == 0 && slots.isEmpty) else {
            throw .hyperparameter(
                """
                the optimizer keeps \(optimizer.slots.joined(separator: ", ")); the state of step \(steps) has \
                \(slots.isEmpty ? "nothing" : slots.keys.sorted().joined(separator: ", "))
                """)
        }
    }
}
