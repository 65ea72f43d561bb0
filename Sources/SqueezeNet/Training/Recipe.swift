/// How a network is trained, as a value: whole in the job's checkpoints and in the model, and what `Trainer` walks over. The loss is
/// softmax cross-entropy, the mean over the batch.
public struct Recipe: Codable, Sendable, Equatable {
    /// The words of `--recipe`. Their values are in `NamedRecipes.swift`.
    public enum Name: String, CaseIterable, Codable, Sendable {
        case tutorial, quick, strong
    }

    /// Whose numbers it began with.
    public var name: Name
    /// How often every picture is seen, and pictures in one step; 0 in what was written before they were kept.
    public var epochs: Int
    public var batchSize: Int
    public var learningRate: Float
    public var schedule: Schedule
    public var optimizer: Optimizer
    /// The share of the target that is spread over all classes.
    public var labelSmoothing: Float
    /// How much of the averaged weights each step keeps; 0 where none are averaged. In the first steps it keeps less, as
    /// TensorFlow's `ExponentialMovingAverage` does with `num_updates`: they began anywhere.
    public var averageDecay: Float
    /// Whether half of the last fire module's outputs are dropped at random.
    public var usesDropout: Bool
    /// Whether the scores that become logits go through the ReLU that inference has. Without it, what is
    /// registered is made to pass it unchanged (`Weights.lift`).
    public var rectifiesScores: Bool
    public var augmentation: Augmentation
    /// Pictures whose statistics batch normalization takes together; 0 is no normalization. It is folded into the model at the end.
    public var normalizationGroup: Int
    /// By how much each class's pictures count in the loss, whose mean is taken over the batch's pictures all the same; nil where all
    /// count 1.
    public var classWeights: [Float]?
    /// What a teacher's logits count for; nil where none teaches.
    public var distillation: Distillation?
    /// How many of the first modules keep their weights (`Network.modules`); nil is none.
    public var frozenModules: Int?
    /// The learning rate of all but the classifier; nil where they have the same.
    public var backboneLearningRate: Float?

    public init(
        _ name: Name, epochs: Int, batchSize: Int = 128, learningRate: Float, schedule: Schedule, optimizer: Optimizer,
        labelSmoothing: Float = 0, averageDecay: Float = 0, usesDropout: Bool, rectifiesScores: Bool,
        augmentation: Augmentation, normalizationGroup: Int = 0
    ) {
        self.name = name
        self.epochs = epochs
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.schedule = schedule
        self.optimizer = optimizer
        self.labelSmoothing = labelSmoothing
        self.averageDecay = averageDecay
        self.usesDropout = usesDropout
        self.rectifiesScores = rectifiesScores
        self.augmentation = augmentation
        self.normalizationGroup = normalizationGroup
    }

    /// What was written before there was a choice says less, and was trained as the tutorial has it.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(Name.self, forKey: .name)
        epochs = try values.decodeIfPresent(Int.self, forKey: .epochs) ?? 0
        batchSize = try values.decodeIfPresent(Int.self, forKey: .batchSize) ?? 0
        learningRate = try values.decode(Float.self, forKey: .learningRate)
        schedule = try values.decodeIfPresent(Schedule.self, forKey: .schedule) ?? Schedule(.constant)
        optimizer = try values.decode(Optimizer.self, forKey: .optimizer)
        labelSmoothing = try values.decodeIfPresent(Float.self, forKey: .labelSmoothing) ?? 0
        averageDecay = try values.decodeIfPresent(Float.self, forKey: .averageDecay) ?? 0
        usesDropout = try values.decode(Bool.self, forKey: .usesDropout)
        rectifiesScores = try values.decodeIfPresent(Bool.self, forKey: .rectifiesScores) ?? true
        augmentation = try values.decode(Augmentation.self, forKey: .augmentation)
        normalizationGroup = try values.decodeIfPresent(Int.self, forKey: .normalizationGroup) ?? 0
        classWeights = try values.decodeIfPresent([Float].self, forKey: .classWeights)
        distillation = try values.decodeIfPresent(Distillation.self, forKey: .distillation)
        frozenModules = try values.decodeIfPresent(Int.self, forKey: .frozenModules)
        backboneLearningRate = try values.decodeIfPresent(Float.self, forKey: .backboneLearningRate)
    }

    /// A thread keeps the maps of a group.
    public static let allowedGroup = 0...256

    /// How far the averaged weights go to the weights in a step, counted from 1.
    func averagingShare(step: Int) -> Float {
        1 - min(averageDecay, Float(1 + step) / Float(10 + step))
    }

    /// - Throws: `EngineError.hyperparameter` if a number makes no sense.
    public func validate() throws(EngineError) {
        guard learningRate.isFinite, learningRate > 0 else {
            throw .hyperparameter("the learning rate is \(learningRate); it must be a finite number above 0")
        }
        if let rate = backboneLearningRate, !(rate.isFinite && rate > 0) {
            throw .hyperparameter("the backbone's learning rate is \(rate); it must be a finite number above 0")
        }
        for (name, share) in [("label smoothing", labelSmoothing), ("decay of the averaged weights", averageDecay)]
        where !(0..<1).contains(share) {
            throw .hyperparameter("the \(name) is \(share); right would be 0 or more, below 1")
        }
        guard Self.allowedGroup.contains(normalizationGroup) else {
            throw .hyperparameter(
                "groups of \(normalizationGroup) can't be normalized; right would be 0 to \(Self.allowedGroup.upperBound)"
            )
        }
        if let weights = classWeights, !weights.allSatisfy({ $0.isFinite && $0 >= 0 }) {
            throw .hyperparameter("the weights of classes must be finite numbers of 0 or more")
        }
        guard epochs >= 0, batchSize >= 0 else {
            throw .hyperparameter("\(epochs) epochs of batches of \(batchSize) can't be; right would be 1 or more")
        }
        try distillation?.validate()
        try schedule.validate()
        try optimizer.validate()
        try augmentation.validate()
    }
}
