internal import ArgumentParser
internal import Varlink

struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Predicts the classes of a data set's test pictures; prints the job's id.",
        discussion: """
            For example:
              sqzctl predict --data fashion-mnist --model fashion-mnist --follow
              sqzctl predictions 7
            """)

    @OptionGroup var scoring: ScoringOptions
    @Option(parsing: .unconditional, help: "How many classes to keep for each picture.")
    var top: Int?
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func run() throws {
        var options = scoring.options
        options["top"] = top.map { .integer(Int64($0)) }
        try Submitting(
            kind: "predict", common: common, data: scoring.data, model: scoring.model, options: options,
            queue: queue
        ).run()
    }
}
