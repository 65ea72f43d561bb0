/// One picture of a training batch. The engine reads its bytes during `Trainer.step` only.
public struct Example {
    public var picture: Picture
    public var label: Int
    /// The example's place in the data set: with seed and epoch it keys its random crop, flip and dropout.
    public var index: Int
    /// What `Trainer.computeFeatures` has made of it, which is then not computed again; nil where it was not asked.
    public var features: UnsafePointer<Float>?

    public init(picture: Picture, label: Int, index: Int, features: UnsafePointer<Float>? = nil) {
        self.features = features
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
    /// The averaged weights, if the recipe averages. Before the first step they may be missing: they are the weights.
    public var average: Weights?
    /// Steps taken.
    public var steps: Int

    public init(weights: Weights, slots: [String: Weights] = [:], average: Weights? = nil, steps: Int = 0) {
        self.weights = weights
        self.slots = slots
        self.average = average
        self.steps = steps
    }

    /// - Throws: `EngineError` if a size does not match, or if there is not what the recipe keeps.
    func validate(for network: Network, _ recipe: Recipe) throws(EngineError) {
        let optimizer = recipe.optimizer
        for tensor in [weights] + slots.values + (average.map { [$0] } ?? [])
        where tensor.values.count != network.parameterCount {
            throw .valueCount(tensor.values.count, expected: network.parameterCount)
        }
        guard slots.keys.sorted() == optimizer.slots.sorted() || (steps == 0 && slots.isEmpty) else {
            throw .hyperparameter(
                """
                the optimizer keeps \(optimizer.slots.joined(separator: ", ")); the state of step \(steps) has \
                \(slots.isEmpty ? "nothing" : slots.keys.sorted().joined(separator: ", "))
                """)
        }
        let averages = recipe.averageDecay > 0
        guard (average != nil) == averages || (steps == 0 && average == nil) else {
            throw .hyperparameter(
                averages
                    ? "the recipe averages weights; the state of step \(steps) has none"
                    : "the recipe averages no weights; the state has some")
        }
    }
}
