internal import SqzProtocol

/// What an evaluation is told.
struct EvaluateOptions: JobOptions {
    @Option(.threads) var chosenThreads: Int?
}

/// What a prediction is told.
struct PredictOptions: JobOptions {
    @Option(
        "top", minimum: Double(Limits.classesToName.lowerBound), maximum: Double(Limits.classesToName.upperBound),
        help: "How many classes to keep for each picture.")
    var top = Limits.classesNamed
    @Option(.threads) var chosenThreads: Int?
}
