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
        let daemon = try Daemon(common)
        for id in jobs {
            try daemon.show(JobsInterface.Pause.self, .init(id: id)) { reply in
                Output.line("job \(id)  \(reply.job.state == .paused ? "paused" : "is being paused")")
            }
        }
    }
}
