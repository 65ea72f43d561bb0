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
        let daemon = try Daemon(common)
        for id in jobs {
            try daemon.show(JobsInterface.Cancel.self, .init(id: id)) { reply in
                Output.line("job \(id)  \(reply.job.state == .cancelled ? "cancelled" : "is being cancelled")")
            }
        }
    }
}
