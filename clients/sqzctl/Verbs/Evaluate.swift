internal import ArgumentParser

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures a model's loss and accuracy on a data set's test pictures; prints the job's id.",
        discussion: """
            For example:
              sqzctl evaluate --data fashion-mnist --model fashion-mnist --follow
            """)

    @OptionGroup var scored: Scored
    @OptionGroup var evaluate: EvaluateOptions
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func run() throws {
        try Submitting(
            kind: "evaluate", common: common, data: scored.data, model: scored.model, options: evaluate.options,
            queue: queue
        ).run()
    }
}

/// What evaluate and predict work on.
struct Scored: ParsableArguments {
    @Option(help: "A data set's name, or a path that is imported first. By default the only data set there is.")
    var data: String?
    @Option(
        help: """
            NAME or NAME@VERSION; the NAME of what a job of --after makes is that version. By default the default model, \
            else the newest without a warning.
            """)
    var model: String?
}
