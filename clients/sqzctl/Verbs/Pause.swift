internal import ArgumentParser
internal import SqzProtocol

struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Takes jobs out of the queue until they are resumed; a running one ends at its next step, with a checkpoint.",
        discussion: """
            For example:
              sqzctl pause 7
              sqzctl pause sweep-9
            """)

    @Argument(help: JobWord.help, completion: Completions.jobs([.queued, .running])) var jobs: [JobWord]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(
            jobs, JobsInterface.Pause.self, { .init(id: $0) }, \.job, sweep: .pause
        ) { "job \($0.id)  \($0.state == .paused ? "paused" : "is being paused")" }
    }
}
