internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a job's epochs for other programs: CSV, or JSON.",
        discussion: """
            A row has the moment in UTC, the epoch, and its figures; what is not known is empty. For example:
              sqzctl history 7 > job-7.csv
              sqzctl history 7 --format json | jq '.[].validationAccuracy'

            People look at sqzctl show and sqzctl plot. With --json it is the daemon's reply, which has the last 1,000 epochs.
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case csv, json
    }

    @Argument(help: "The job's id.", completion: Completions.jobs()) var job: Int
    @Option(help: "csv with a line of titles, as RFC 4180 has it, or json: an array of objects.")
    var format = Format.csv
    @OptionGroup var common: Common

    func run() throws {
        guard !common.json else {
            try Daemon(common).show(JobsInterface.Show.self, .init(id: job, history: true)) { _ in }
            return
        }
        let epochs = try Daemon(common).trainingRun(job).epochs
        switch format {
        case .csv:
            Output.write(Self.columns.map(\.name).joined(separator: ",") + "\r\n")
            for epoch in epochs {
                Output.write(Self.columns.map { $0.value(epoch)?.plain ?? "" }.joined(separator: ",") + "\r\n")
            }
        case .json:
            try Output.object(
                epochs.map { epoch in
                    Dictionary(Self.columns.map { ($0.name, $0.value(epoch) ?? .null) }) { first, _ in first }
                })
        }
    }

    private typealias Epoch = (time: Int, progress: Progress)

    /// By their names in the protocol. None of them has a comma or a quotation mark in it.
    private static let columns: [(name: String, value: @Sendable (Epoch) -> JSONValue?)] = [
        ("time", { .string(UTC.text($0.time)) }),
        ("epoch", { .integer(Int64($0.progress.epoch)) }),
        ("loss", { $0.progress.loss.map(JSONValue.number) }),
        ("accuracy", { $0.progress.accuracy.map(JSONValue.number) }),
        ("validationLoss", { $0.progress.validationLoss.map(JSONValue.number) }),
        ("validationAccuracy", { $0.progress.validationAccuracy.map(JSONValue.number) }),
        ("learningRate", { $0.progress.learningRate.map(JSONValue.number) }),
        ("imagesPerSecond", { $0.progress.imagesPerSecond.map(JSONValue.number) }),
    ]
}
