internal import ArgumentParser
internal import SqzProtocol

struct Prioritize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Changes the priority of jobs that wait or run; a running one may have to make room.",
        discussion: """
            For example:
              sqzctl prioritize 7 --priority -5
            """)

    @Argument(help: "The jobs' ids.") var jobs: [Int]
    @Option(parsing: .unconditional, help: ArgumentHelp(QueueOptions.priorityHelp)) var priority: Int
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(jobs, "job", JobsInterface.Prioritize.self, { .init(id: $0, priority: priority) }) {
            "job \($0)  priority \($1.job.priority)"
        }
    }
}
