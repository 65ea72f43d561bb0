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
                let jobs = reply.running + reply.waiting
                let shown = Self.shown(of: jobs.count)
                Table(Array(jobs.prefix(shown)), Jobs.columns).print()
                if shown < jobs.count { Output.line("and \(jobs.count - shown) more") }
            }
            return Output.isOpen ? .more : .stop
        }
    }

    /// How many jobs a terminal has room for, below two lines and the table's titles, above the line with the cursor.
    private static func shown(of count: Int) -> Int {
        guard let terminal = Terminal.output else { return count }
        let room = terminal.rows - 4
        return count <= room ? count : max(room - 1, 1)
    }
}
