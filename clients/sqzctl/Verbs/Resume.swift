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
        let daemon = try Daemon(common)
        for id in jobs {
            try daemon.show(JobsInterface.Resume.self, .init(id: id)) {
                Output.line("job \(id)  \($0.job.state.rawValue)")
            }
        }
    }
}
