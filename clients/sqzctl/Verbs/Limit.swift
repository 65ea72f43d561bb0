internal import ArgumentParser
internal import SqzProtocol

struct Limit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Changes the deadline or the time limit of jobs that have not succeeded.",
        discussion: """
            For example:
              sqzctl limit 7 --time-limit 2h --deadline none

            A job that failed or was cancelled has them when it is retried.
            """)

    @Argument(help: JobWord.help, completion: Completions.jobs([.queued, .running, .paused, .failed, .cancelled]))
    var jobs: [JobWord]
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long it may run, over all its runs: seconds, or as 90m, 2h, 1d12h; or none.", valueName: "time"))
    var timeLimit: OrNone<TimeSpan>?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "When it must have ended: 2026-12-01T08:00, here or with Z or +01:00 after it; as +2h, from now; or none.",
            valueName: "moment"))
    var deadline: OrNone<Moment>?
    @OptionGroup var common: Common

    func validate() throws {
        guard timeLimit != nil || deadline != nil else {
            throw ValidationError("say what is to change: --time-limit, --deadline or both")
        }
    }

    func run() throws {
        // To the daemon, 0 is none.
        let (deadline, timeLimit) = (
            deadline.map { $0.value?.microseconds ?? 0 }, timeLimit.map { $0.value?.seconds ?? 0 }
        )
        try eachJob(jobs, common) { id in
            let parameters = JobsInterface.Limit.Parameters(
                id: id, deadline: deadline, timeLimit: timeLimit)
            try Daemon(common).show(JobsInterface.Limit.self, parameters) { reply in
                let limit = reply.job.timeLimit.map { Format.duration(Double($0)) } ?? "none"
                let deadline = reply.job.deadline.map(Format.time) ?? "none"
                Output.line("job \(id)  time limit \(limit)  deadline \(deadline)")
            }
        }
    }
}

/// A value, or the word none.
struct OrNone<Value: ExpressibleByArgument>: ExpressibleByArgument {
    let value: Value?

    init?(argument: String) {
        value = Value(argument: argument)
        guard value != nil || argument == "none" else { return nil }
    }
}
