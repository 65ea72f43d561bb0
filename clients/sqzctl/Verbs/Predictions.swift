internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Predictions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints what a predict job came to, a picture a line.",
        discussion: """
            The columns are the picture's number, its label, the likeliest class, its probability, and the path that it had in \
            what was imported, if it was a file. For example:
              sqzctl predictions 7 | head
            """)

    @Argument(help: "The job's id.", completion: Completions.jobs(kind: "predict")) var job: Int
    @OptionGroup var common: Common

    func run() throws {
        let daemon = try Daemon(common)
        guard !common.json else { return try daemon.pass(JobsInterface.Predictions.self, .init(id: job)) }
        try daemon.stream(JobsInterface.Predictions.self, .init(id: job)) { reply in
            for prediction in reply.predictions {
                let best = prediction.classes.first
                let label = prediction.label.map(String.init) ?? "-"
                let probability = best.map { Format.decimal($0.probability, places: 4) } ?? "-"
                let columns =
                    ["\(prediction.picture)", label, best?.name.cell ?? "-", probability]
                    + (prediction.file.map { [$0.cell] } ?? [])
                Output.line(columns.joined(separator: "\t"))
            }
            return Output.isOpen ? .more : .stop
        }
    }
}
