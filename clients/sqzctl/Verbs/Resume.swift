internal import ArgumentParser
internal import SqzProtocol

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Puts jobs that are paused, or were submitted with --hold, back into the queue.",
        discussion: """
            For example:
              sqzctl resume 7
              sqzctl resume sweep-9
            """)

    @Argument(help: JobWord.help, completion: Completions.jobs([.paused])) var jobs: [JobWord]
    @OptionGroup var processes: RankOptions
    @OptionGroup var common: Common

    func run() throws {
        try processes.refuse(for: jobs)
        try Daemon(common).each(
            jobs, JobsInterface.Resume.self, { .init(id: $0, ranks: processes.ranks, launcher: processes.launcher) },
            \.job, sweep: .resume
        ) { "job \($0.id)  \($0.state.rawValue)" }
    }
}
