extension Recipe {
    /// What the tutorial says, bit for bit.
    public static let tutorial = Recipe(
        .tutorial, epochs: 10, learningRate: 1e-3, schedule: Schedule(.constant),
        optimizer: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), usesDropout: true, rectifiesScores: true,
        augmentation: Augmentation(padding: 0, flips: true))

    /// For more epochs: what keeps a network of this size from learning is time and the optimizer, not what it has seen too often. So
    /// there is no dropout, and no ReLU that silences a class. A group is a shard of the batch: as many threads have work as without
    /// normalization.
    public static let strong = Recipe(
        .strong, epochs: 30, batchSize: 64, learningRate: 0.1, schedule: Schedule(.cosine, warmUp: 0.1),
        optimizer: .muon(momentum: 0.95, weightDecay: 5e-3), labelSmoothing: 0.05, usesDropout: false,
        rectifiesScores: false, augmentation: Augmentation(padding: 0, flips: true, alternates: true),
        normalizationGroup: 16)

    /// The strong one for few epochs.
    public static let quick = {
        var recipe = strong
        recipe.name = .quick
        recipe.epochs = 10
        recipe.schedule = Schedule(.linear, warmUp: 0.2)
        recipe.labelSmoothing = 0
        return recipe
    }()

    public init(_ name: Name) {
        switch name {
        case .tutorial: self = .tutorial
        case .quick: self = .quick
        case .strong: self = .strong
        }
    }
}
