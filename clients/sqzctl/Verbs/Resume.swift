internal import ArgumentParser
internal import SqzProtocol

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Puts jobs that are paused, or were submitted with --hold, back into the queue.",
        discussion: """
            For example:
              sqzctl resume 7
            """)

    @Argument(help: "The jobs' ids.") var jobs: [Int]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(jobs, "job", JobsInterface.Resume.self, { .init(id: $0) }) {
            "job \($0)  \($1.job.state.rawValue)"
        }
    }
}
