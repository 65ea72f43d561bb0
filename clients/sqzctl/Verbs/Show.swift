internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows all that is known of a job.",
        discussion: """
            For example:
              sqzctl show 7
            """)

    @Argument(help: "The job's id.") var job: Int
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(JobsInterface.Show.self, .init(id: job)) { reply in
            let job = reply.job
            var fields = Fields()
            fields.add("job", String(job.id))
            fields.add("kind", "\(job.kind) (runner \(job.runner))")
            fields.add("state", job.state.rawValue)
            fields.add("reason", job.reason.map(Format.named))
            fields.add("user", Format.user(job.uid))
            fields.add("priority", job.priority == 0 ? nil : String(job.priority))
            fields.add("place in the queue", job.position.map(String.init))
            fields.add("start", job.expectedStart.map { "about \(Format.time($0))" })
            fields.add("end", job.expectedEnd.map { "about \(Format.time($0))" })
            fields.add("time limit", job.timeLimit.map { Format.duration(Double($0)) })
            fields.add("deadline", job.deadline.map(Format.time))
            for dependency in job.after {
                fields.add("after", "job \(dependency.job) (\(dependency.condition.rawValue))")
            }
            fields.add("data set", job.dataset)
            fields.add("model", job.outcome?.model ?? job.model)
            for (name, value) in job.options.sorted(by: { $0.key < $1.key }) {
                fields.add("--" + name, Self.text(value))
            }
            fields.add("submitted", Format.time(job.submittedAt))
            fields.add(
                "started", job.startedAt.map { Format.time($0) + (job.starts > 1 ? " (\(job.starts) starts)" : "") })
            fields.add("ended", job.endedAt.map(Format.time))
            var progress = job.progress
            if job.state.isEnd { progress?.secondsLeft = nil }
            fields.add("progress", progress.map { Format.progress($0) })
            fields.add("outcome", job.outcome.map(Format.outcome))
            // A running job's is that of its last epoch.
            fields.add("warning", job.outcome?.warning ?? (job.state.isEnd ? nil : job.progress?.warning))
            fields.print()
        }
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bool(let flag): String(flag)
        default: "\(value)"
        }
    }
}
