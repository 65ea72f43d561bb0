internal import ArgumentParser
internal import SqzProtocol

struct Cancel: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancels jobs; a running one ends at its next step.",
        discussion: """
            For example:
              sqzctl cancel 7 8
            """)

    @Argument(help: "The jobs' ids.") var jobs: [Int]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(jobs, "job", JobsInterface.Cancel.self, { .init(id: $0) }) {
            "job \($0)  \($1.job.state == .cancelled ? "cancelled" : "is being cancelled")"
        }
    }
}
