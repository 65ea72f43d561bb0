public import ArgumentParser
internal import Glibc
internal import SqzProtocol

struct Jobs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists jobs, newest first; rm removes them.",
        discussion: """
            For example:
              sqzctl jobs --state running --state queued
              sqzctl jobs --user alice --model cifar --newer 2d
              sqzctl jobs rm 7
            """, subcommands: [JobsRemove.self])

    @Option(
        help:
            "Only jobs in this state: queued, running, paused, succeeded, failed or cancelled; may be given several times.",
        completion: Completions.states
    )
    var state: [State] = []
    @Option(help: "Only jobs of this user, by name or number.") var user: String?
    @Option(help: "Only jobs of this kind.", completion: Completions.kinds) var kind: String?
    @Option(help: "Only jobs with this data set.", completion: Completions.datasets) var data: String?
    @Option(help: "Only jobs that use, make or tune this model, NAME or NAME@VERSION.", completion: Completions.models)
    var model: String?
    @Option(help: "Only jobs with this text in their name or note.") var name: String?
    @Option(
        help: ArgumentHelp(
            "Only jobs that were submitted less long ago: as 90m, 2h, 7d.", valueName: "time"))
    var newer: TimeSpan?
    @Option(help: ArgumentHelp("Only jobs that were submitted longer ago.", valueName: "time"))
    var older: TimeSpan?
    @Option(parsing: .unconditional, help: "How many at most, 100 by default.")
    var limit: Int?
    @Option(parsing: .unconditional, help: "Only jobs with an id below this one.")
    var before: Int?
    @OptionGroup var common: Common

    func run() throws {
        func moment(_ ago: TimeSpan?) -> Int? { ago.map { (time(nil) - $0.seconds) * 1_000_000 } }
        let parameters = JobsInterface.List.Parameters(
            states: state.isEmpty ? nil : state, before: before, limit: limit,
            uid: try user.map(Users.uid), kind: kind,
            dataset: data, model: model, name: name, submittedAfter: moment(newer),
            submittedBefore: moment(older))
        let reply = try Daemon(common).show(JobsInterface.List.self, parameters) {
            Table($0.jobs, Self.columns).print()
        }
        if !common.json { tellOfMore(reply.jobs, reply.total ?? 0) }
    }

    /// Where not all are shown.
    private func tellOfMore(_ jobs: [Job], _ total: Int) {
        guard let last = jobs.last, jobs.count == limit ?? 100, jobs.count < total else { return }
        let more = "--before \(last.id) shows those before"
        let all = before == nil && total <= Limits.listedJobs ? ", --limit \(total) all" : ""
        Output.error("\(Format.number(jobs.count)) of \(Format.count(total, "job")); \(more)\(all)")
    }

    static let columns: [Column<Job>] = [
        .number("JOB") { String($0.id) },
        .name("NAME") { $0.name ?? "" }.detail(3).least(18),
        .text("KIND") { $0.kind }.detail(2),
        .state("STATE") { $0.state },
        .text("USER") { Format.user($0.uid) }.detail(5),
        .name("DATA SET") { $0.dataset ?? "-" }.detail(4).least(16),
        .name("MODEL") { $0.outcome?.model ?? $0.model ?? "-" }.detail(1).least(16),
        .text("SUBMITTED") { Format.clock($0.submittedAt) }.detail(6),
        .parts("HOW FAR", howFar).least(32),
    ]

    private static func howFar(_ job: Job) -> Parts {
        switch job.state {
        case .queued: Parts(parts: queued(job))
        case .running: Parts(parts: running(job), between: "  ")
        case .succeeded: Parts(parts: succeeded(job))
        case .paused, .failed, .cancelled: Parts(parts: [Part(job.reason.map(Format.named) ?? "")])
        }
    }

    private static func succeeded(_ job: Job) -> [Part] {
        guard let outcome = job.outcome else { return [] }
        let accuracy = outcome.accuracy.map { "\(Format.decimal($0 * 100, places: 2)) %" }
        return [
            outcome.loss.map { Part("loss \(Format.figure($0))", 2) },
            accuracy.map { Part("top-1 accuracy \($0)", 1, short: $0) },
            outcome.warning.map { Part(Format.brief($0)) },
        ].compactMap(\.self)
    }

    private static func queued(_ job: Job) -> [Part] {
        [
            job.position.map { Part("number \($0)") },
            job.expectedStart.map { Part("start about \(Format.clock($0))", 1) },
            job.reason.map { Part(Format.named($0), 2) },
        ].compactMap(\.self)
    }

    private static func running(_ job: Job) -> [Part] {
        if let what = job.reason { return [Part(Format.named(what))] }
        let parts = job.progress.map(Format.parts) ?? [Part("starting")]
        guard job.progress?.secondsLeft == nil, let end = job.expectedEnd else { return parts }
        return parts + [Part("end about \(Format.clock(end))", short: "end \(Format.clock(end))")]
    }
}

extension State: ExpressibleByArgument {}
