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
                // Elsewhere one picture of it stands below the other.
                if Terminal.output != nil { Output.write("\u{1B}[H\u{1B}[J") }
                let waiting = try Self.waiting(reply, common)
                Output.line(Self.counts(reply, waiting: waiting))
                Output.line("")
                let jobs = reply.running + reply.waiting
                let shown = Self.shown(of: jobs.count)
                Table(Array(jobs.prefix(shown)), Jobs.columns).print()
                let rest = reply.running.count + waiting - shown
                if rest > 0 { Output.line("and \(Format.number(rest)) more") }
            }
            return Output.isOpen ? .more : .stop
        }
    }

    /// How many wait in all: of these a daemon lists only the first.
    static func waiting(_ reply: JobsInterface.Monitor.Reply, _ common: Common) throws -> Int {
        guard reply.waiting.count >= mostListed else { return reply.waiting.count }
        do {
            let counts = try Daemon(common.quiet).call(ManagerInterface.Info.self, NoParameters()).jobs
            return max(counts.queued, reply.waiting.count)
        } catch is ConnectionError {
            // It is being restarted, which whoever watches it finds out by himself.
            return reply.waiting.count
        }
    }

    private static let mostListed = 100

    static func counts(_ reply: JobsInterface.Monitor.Reply, waiting: Int) -> String {
        let listed = reply.waiting.count < waiting ? ", \(reply.waiting.count) of them listed" : ""
        return "\(Format.number(reply.running.count)) running, \(Format.number(waiting)) waiting\(listed)"
    }

    /// How many jobs a terminal has room for, below two lines and the table's titles, above the line with the cursor.
    private static func shown(of count: Int) -> Int {
        guard let terminal = Terminal.output else { return count }
        let room = terminal.rows - 4
        return count <= room ? count : max(room - 1, 1)
    }
}
