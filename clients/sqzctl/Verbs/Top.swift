internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows live what runs and waits, until Ctrl-C.",
        discussion: """
            For example:
              sqzctl top
            """)

    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).stream(JobsInterface.Monitor.self, NoParameters()) { reply in
            if !common.json {
                // Home, and what is below what is written now goes.
                Output.write("\u{1B}[H\u{1B}[J")
                Output.line("\(reply.running.count) running, \(reply.waiting.count) waiting")
                Output.line("")
                Jobs.print(reply.running + reply.waiting)
            }
            return .more
        }
    }
}
