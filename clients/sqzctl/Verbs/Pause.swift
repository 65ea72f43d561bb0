internal import ArgumentParser
internal import SqzProtocol

struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Takes jobs out of the queue until they are resumed; a running one ends at its next step, with a checkpoint.",
        discussion: """
            For example:
              sqzctl pause 7
            """)

    @Argument(help: "The jobs' ids.") var jobs: [Int]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(jobs, "job", JobsInterface.Pause.self, { .init(id: $0) }) {
            "job \($0)  \($1.job.state == .paused ? "paused" : "is being paused")"
        }
    }
}
