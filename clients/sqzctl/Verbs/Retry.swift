internal import ArgumentParser
internal import SqzProtocol

struct Retry: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Puts jobs that failed or were cancelled back into the queue; one that failed goes on from its checkpoint.",
        discussion: """
            For example:
              sqzctl retry 7
            """)

    @Argument(help: "The jobs' ids.") var jobs: [Int]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(jobs, "job", JobsInterface.Retry.self, { .init(id: $0) }) {
            "job \($0)  \($1.job.state.rawValue)"
        }
    }
}
