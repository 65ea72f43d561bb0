internal import ArgumentParser

struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Predicts the classes of a data set's test pictures; prints the job's id.",
        discussion: """
            For example:
              sqzctl predict --data fashion-mnist --model fashion-mnist --follow
              sqzctl predictions 7
            """)

    @OptionGroup var scored: Scored
    @OptionGroup var predict: PredictOptions
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func run() throws {
        try Submitting(
            kind: "predict", common: common, data: scored.data, model: scored.model, options: predict.options,
            queue: queue
        ).run()
    }
}
