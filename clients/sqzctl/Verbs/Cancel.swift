internal import ArgumentParser
internal import SqzProtocol

struct Cancel: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancels jobs; a running one ends at its next step.",
        discussion: """
            For example:
              sqzctl cancel 7 8
              sqzctl cancel sweep-9
            """)

    @Argument(help: JobWord.help, completion: Completions.unendedJobs) var jobs: [JobWord]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(
            jobs, JobsInterface.Cancel.self, { .init(id: $0) }, \.job, sweep: .cancel
        ) { "job \($0.id)  \($0.state == .cancelled ? "cancelled" : "is being cancelled")" }
    }
}
