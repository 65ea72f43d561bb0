internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Predictions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints what a predict job came to, a picture a line.",
        discussion: """
            The columns are the picture's number, its label, the likeliest class, its probability. For example:
              sqzctl predictions 7 | head
            """)

    @Argument(help: "The job's id.") var job: Int
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).stream(JobsInterface.Predictions.self, .init(id: job)) { reply in
            for prediction in common.json ? [] : reply.predictions {
                let best = prediction.classes.first
                let label = prediction.label.map(String.init) ?? "-"
                let probability = best.map { Format.decimal($0.probability, places: 4) } ?? "-"
                Output.line("\(prediction.picture)\t\(label)\t\(best?.name.cell ?? "-")\t\(probability)")
            }
            return Output.isOpen ? .more : .stop
        }
    }
}
