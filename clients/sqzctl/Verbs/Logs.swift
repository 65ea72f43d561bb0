internal import ArgumentParser
internal import SqzProtocol

struct Logs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints what a job's runner wrote.",
        discussion: """
            For example:
              sqzctl logs 7
            """)

    @Argument(help: "The job's id.", completion: Completions.jobs()) var job: Int
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(JobsInterface.Logs.self, .init(id: job)) { reply in
            for line in reply.lines { Output.line(line) }
        }
    }
}
