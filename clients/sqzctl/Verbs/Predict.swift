internal import ArgumentParser

struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Predicts the classes of a data set's test pictures; prints the job's id.",
        discussion: """
            For example:
              sqzctl predict --data fashion-mnist --model fashion-mnist --follow
              sqzctl predictions 7
              sqzctl predict --data cifar --model cifar --ranks 4 --threads 8 --follow
            """)

    @OptionGroup var scored: Scored
    @OptionGroup var predict: PredictOptions
    @OptionGroup var processes: RankOptions
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func run() throws {
        try Submitting(
            kind: "predict", common: common, data: scored.data, model: scored.model, options: predict.options,
            queue: queue, processes: processes
        ).run()
    }
}
