internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows live what runs and waits.",
        discussion: """
            On a terminal, arrows choose a job, c cancels it, p pauses it, + and - change its priority, q ends. Elsewhere it \
            goes on until Ctrl-C. For example:
              sqzctl top
            """)

    @OptionGroup var common: Common

    func run() throws {
        if !common.json, let screen = Screen() {
            defer { screen.end() }
            var top = try TopScreen(screen, common)
            return try top.run()
        }
        try Daemon(common).stream(JobsInterface.Monitor.self, NoParameters()) { reply in
            if !common.json {
                Output.write("\u{1B}[H\u{1B}[J")
                Output.line(Self.counts(reply))
                Output.line("")
                let jobs = reply.running + reply.waiting
                let shown = Self.shown(of: jobs.count)
                Table(Array(jobs.prefix(shown)), Jobs.columns).print()
                if shown < jobs.count { Output.line("and \(jobs.count - shown) more") }
            }
            return Output.isOpen ? .more : .stop
        }
    }

    static func counts(_ reply: JobsInterface.Monitor.Reply) -> String {
        "\(reply.running.count) running, \(reply.waiting.count) waiting"
    }

    /// How many jobs a terminal has room for, below two lines and the table's titles, above the line with the cursor.
    private static func shown(of count: Int) -> Int {
        guard let terminal = Terminal.output else { return count }
        let room = terminal.rows - 4
        return count <= room ? count : max(room - 1, 1)
    }
}
