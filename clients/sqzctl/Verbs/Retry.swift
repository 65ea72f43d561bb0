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
        let daemon = try Daemon(common)
        for id in jobs {
            try daemon.show(JobsInterface.Retry.self, .init(id: id)) {
                Output.line("job \(id)  \($0.job.state.rawValue)")
            }
        }
    }
}
