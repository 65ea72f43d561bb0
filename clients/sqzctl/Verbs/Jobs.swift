public import ArgumentParser
internal import SqzProtocol

struct Jobs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists jobs, newest first.",
        discussion: """
            For example:
              sqzctl jobs --state running --state queued
            """)

    @Option(
        help:
            "Only jobs in this state: queued, running, paused, succeeded, failed or cancelled; may be given several times."
    )
    var state: [State] = []
    @Option(parsing: .unconditional, help: "How many at most.")
    var limit: Int?
    @OptionGroup var common: Common

    func run() throws {
        let parameters = JobsInterface.List.Parameters(states: state.isEmpty ? nil : state, limit: limit)
        try Daemon(common).list(JobsInterface.List.self, parameters, \.jobs, Self.columns)
    }

    static let columns: [Column<Job>] = [
        .number("JOB") { String($0.id) },
        .text("KIND") { $0.kind },
        .text("STATE") { $0.state.rawValue },
        .text("USER") { Format.user($0.uid) },
        .text("DATA SET") { $0.dataset ?? "-" },
        .text("MODEL") { $0.outcome?.model ?? $0.model ?? "-" },
        .text("SUBMITTED") { Format.clock($0.submittedAt) },
        .text("HOW FAR", howFar),
    ]

    private static func howFar(_ job: Job) -> String {
        switch job.state {
        case .queued: queued(job)
        case .running: running(job)
        case .succeeded: succeeded(job)
        case .paused, .failed, .cancelled: job.reason.map(Format.named) ?? ""
        }
    }

    private static func succeeded(_ job: Job) -> String {
        guard let outcome = job.outcome else { return "" }
        let figures = Format.outcome(Outcome(loss: outcome.loss, accuracy: outcome.accuracy))
        return [figures, outcome.warning.map(Format.brief)].compactMap { $0 }.joined(separator: ", ")
    }

    private static func queued(_ job: Job) -> String {
        let parts = [
            job.position.map { "number \($0)" }, job.expectedStart.map { "start about \(Format.clock($0))" },
            job.reason.map(Format.named),
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }

    private static func running(_ job: Job) -> String {
        let text = job.progress.map { Format.progress($0) } ?? "starting"
        guard job.progress?.secondsLeft == nil, let end = job.expectedEnd else { return text }
        return "\(text)  end about \(Format.clock(end))"
    }
}

extension State: ExpressibleByArgument {}
