internal import ArgumentParser
internal import SqzProtocol

struct Prioritize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Changes the priority of jobs that wait or run; a running one may have to make room.",
        discussion: """
            For example:
              sqzctl prioritize 7 --priority -5
            """)

    @Argument(help: JobWord.help, completion: Completions.unendedJobs) var jobs: [JobWord]
    @Option(parsing: .unconditional, help: ArgumentHelp(QueueOptions.priorityHelp)) var priority: Int
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(
            jobs, JobsInterface.Prioritize.self, { .init(id: $0, priority: priority) }, \.job,
            sweep: .prioritize,
            priority: priority
        ) { "job \($0.id)  priority \($0.priority)" }
    }
}
