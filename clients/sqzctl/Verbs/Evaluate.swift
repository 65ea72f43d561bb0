internal import ArgumentParser
internal import Varlink

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures a model's loss and accuracy on a data set's test pictures; prints the job's id.",
        discussion: """
            For example:
              sqzctl evaluate --data fashion-mnist --model fashion-mnist --follow
            """)

    @OptionGroup var scoring: ScoringOptions
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func run() throws {
        try Submitting(
            kind: "evaluate", common: common, data: scoring.data, model: scoring.model, options: scoring.options,
            queue: queue
        ).run()
    }
}

/// What evaluate and predict work on.
struct ScoringOptions: ParsableArguments {
    @Option(help: "A data set's name, or a path that is imported first. By default the only data set there is.")
    var data: String?
    @Option(help: "NAME or NAME@VERSION. By default the default model, else the newest.")
    var model: String?
    @Option(parsing: .unconditional, help: "Threads to compute with.")
    var threads: Int?

    var options: [String: JSONValue] {
        threads.map { ["threads": .integer(Int64($0))] } ?? [:]
    }
}
