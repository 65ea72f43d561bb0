internal import ArgumentParser
internal import SqzProtocol

struct Retry: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Puts jobs that failed or were cancelled back into the queue; one that failed goes on from its checkpoint.",
        discussion: """
            For example:
              sqzctl retry 7
              sqzctl retry sweep-9
            """)

    @Argument(help: JobWord.help, completion: Completions.jobs([.failed, .cancelled])) var jobs: [JobWord]
    @OptionGroup var processes: RankOptions
    @OptionGroup var common: Common

    func run() throws {
        try processes.refuse(for: jobs)
        try Daemon(common).each(
            jobs, JobsInterface.Retry.self, { .init(id: $0, ranks: processes.ranks, launcher: processes.launcher) },
            \.job, sweep: .retry
        ) { "job \($0.id)  \($0.state.rawValue)" }
    }
}
