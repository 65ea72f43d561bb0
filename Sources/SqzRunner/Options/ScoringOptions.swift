internal import SqzProtocol

/// What both are told.
protocol ScoringOptions: JobOptions {
    var split: MeasuredSplit? { get }
    var views: TestViews { get }
    /// How many mistakes to list.
    var mistakes: Int { get }
    /// How many classes to keep for each picture.
    var top: Int { get }
}

/// What a picture is looked at as.
enum TestViews: String, CaseIterable, OptionValue {
    case none
    case flip
}

extension JobOption {
    fileprivate static let split = JobOption(
        name: "split", type: .text,
        help: """
            Which pictures; validation is what was held out of the model's training. By default test, else validation, else all.
            """, choices: MeasuredSplit.choices)
}

/// What an evaluation is told.
struct EvaluateOptions: ScoringOptions {
    @Option(.split) var split: MeasuredSplit?
    @Option(
        "tta",
        help: """
            With flip, also measures the mean of the logits of each picture and its mirror image, which takes twice the time; \
            reported beside the figures of the pictures as they are.
            """)
    var views = TestViews.none
    @Option(
        "mistakes", minimum: Double(Limits.mistakes.lowerBound), maximum: Double(Limits.mistakes.upperBound),
        help: "How many pictures in a wrong class to list, those first that the model was surest of.")
    var mistakes = Limits.mistakesListed
    @Option(.threads) var chosenThreads: Int?
    /// It keeps no predictions.
    var top: Int { 0 }
}

/// What a calibration is told.
struct CalibrateOptions: JobOptions {
    @Option(
        "split",
        help: """
            Which pictures say how sure the model may be; validation is what was held out of its training. What it was trained on is \
            refused.
            """)
    var split = MeasuredSplit.validation
    @Option(.threads) var chosenThreads: Int?
}

/// What a prediction is told.
struct PredictOptions: ScoringOptions {
    @Option(.split) var split: MeasuredSplit?
    @Option(
        "top", minimum: Double(Limits.classesToName.lowerBound), maximum: Double(Limits.classesToName.upperBound),
        help: "How many classes to keep for each picture.")
    var top = Limits.classesNamed
    @Option(
        "tta",
        help: "With flip, predicts by the mean of the logits of each picture and its mirror image, in twice the time.")
    var views = TestViews.none
    @Option(.threads) var chosenThreads: Int?
    /// Predictions have them all.
    var mistakes: Int { Limits.mistakesListed }
}
