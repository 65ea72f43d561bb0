/// What an evaluation is told.
struct EvaluateOptions: JobOptions {
    @Option(.threads) var chosenThreads: Int?
}

/// What a prediction is told.
struct PredictOptions: JobOptions {
    @Option("top", minimum: 1, maximum: 1_000, help: "How many classes to keep for each picture.")
    var top = 5
    @Option(.threads) var chosenThreads: Int?
}
