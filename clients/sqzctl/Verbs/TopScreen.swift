internal import Glibc
internal import SqzProtocol
internal import Varlink

/// What runs and waits on a whole terminal, with a job that is chosen and keys that do something to it.
struct TopScreen {
    private let screen: Screen
    private let common: Common
    /// On which the daemon tells of changes.
    private var descriptor: CInt
    private var client: Client
    private var snapshot = JobsInterface.Monitor.Reply(running: [], waiting: [])
    /// How many jobs wait in all; nil before the daemon has told anything.
    private var waiting: Int?
    /// The chosen job; it stays chosen wherever it goes.
    private var chosen: Int?
    /// The first row that is shown.
    private var first = 0
    /// What a key came to, until the next one.
    private var message: String?
    /// A job that is cancelled if the next key says so.
    private var asked: Int?

    private static let help = "q quit  arrows choose  c cancel  p pause  + - priority"

    init(_ screen: Screen, _ common: Common) throws {
        self.screen = screen
        self.common = common
        (descriptor, client) = try Self.connect(common)
    }

    private static func connect(_ common: Common) throws -> (CInt, Client) {
        let descriptor = try Client.connect(Daemon(common).path)
        let client = Client(over: FramedFile(input: descriptor, output: descriptor))
        try client.send(JobsInterface.Monitor.self, NoParameters(), mode: .more)
        return (descriptor, client)
    }

    /// Until somebody has enough.
    mutating func run() throws {
        defer { close(descriptor) }
        while Output.isOpen {
            draw()
            let event = try screen.wait(descriptor)
            if event.isClosed { return }
            if event.isReadable { try receive() }
            for key in event.keys {
                if isEnd(key) { return }
                try take(key)
            }
        }
    }

    /// Takes the newest that has come.
    private mutating func receive() throws {
        do {
            snapshot = try client.receive(JobsInterface.Monitor.self).parameters(
                JobsInterface.Monitor.Reply.self)
            while true {
                snapshot = try client.receive(JobsInterface.Monitor.self, until: .now)
                    .parameters(JobsInterface.Monitor.Reply.self)
            }
        } catch ConnectionError.timedOut {
            // That was all that has come.
            waiting = try Top.waiting(snapshot, common)
        } catch ConnectionError.closed {
            // A daemon that is restarted keeps its socket: connecting waits until it is back.
            close(descriptor)
            (descriptor, client) = try Self.connect(common)
        }
    }

    private var jobs: [Job] { snapshot.running + snapshot.waiting }

    /// Where the chosen job is; the first where it has gone.
    private var place: Int { jobs.firstIndex { $0.id == chosen } ?? 0 }

    // MARK: Keys

    private func isEnd(_ key: Screen.Key) -> Bool {
        // Ctrl-C, Ctrl-D.
        asked == nil && key == .character("q") || key == .character("\u{3}")
            || key == .character("\u{4}")
    }

    private mutating func take(_ key: Screen.Key) throws {
        message = nil
        if let id = asked {
            asked = nil
            if key == .character("y") {
                try change(id) {
                    _ = try $0.call(JobsInterface.Cancel.self, .init(id: id))
                } told: {
                    "is being cancelled"
                }
            }
            return
        }
        switch key {
        case .up, .character("k"): choose(place - 1)
        case .down, .character("j"): choose(place + 1)
        case .pageUp: choose(place - room)
        case .pageDown, .character(" "): choose(place + room)
        case .home, .character("g"): choose(0)
        case .end, .character("G"): choose(jobs.count - 1)
        case .character("c"): asked = jobs.isEmpty ? nil : jobs[place].id
        case .character("p"):
            try changeChosen { job, daemon in
                _ = try daemon.call(JobsInterface.Pause.self, .init(id: job.id))
                return "is being paused; sqzctl resume \(job.id) puts it back"
            }
        case .character("+"), .character("="): try prioritize(by: 1)
        case .character("-"): try prioritize(by: -1)
        default: break
        }
    }

    private mutating func choose(_ place: Int) {
        guard !jobs.isEmpty else { return }
        chosen = jobs[min(max(place, 0), jobs.count - 1)].id
    }

    private mutating func prioritize(by step: Int) throws {
        var changed: Job?
        try changeChosen { job, daemon in
            let priority = min(max(job.priority + step, Limits.priorities.lowerBound), Limits.priorities.upperBound)
            let job = try daemon.call(JobsInterface.Prioritize.self, .init(id: job.id, priority: priority)).job
            changed = job
            return "has priority \(job.priority)"
        }
        // The next key may come before the daemon tells of it.
        guard let changed else { return }
        snapshot.running = snapshot.running.map { $0.id == changed.id ? changed : $0 }
        snapshot.waiting = snapshot.waiting.map { $0.id == changed.id ? changed : $0 }
    }

    private mutating func changeChosen(_ body: (Job, Daemon) throws -> String) throws {
        guard !jobs.isEmpty else { return }
        let job = jobs[place]
        chosen = job.id
        var told = ""
        try change(job.id) {
            told = try body(job, $0)
        } told: {
            told
        }
    }

    /// What the daemon refuses is told, and the screen stays.
    private mutating func change(_ id: Int, _ body: (Daemon) throws -> Void, told: () -> String)
        throws
    {
        do {
            try body(try Daemon(common))
            message = "job \(id) \(told())"
        } catch  where error is VarlinkError || error is NotPermitted {
            message = ExitStatus.message(of: error)
        }
    }

    // MARK: What is seen

    /// Rows for jobs: without the counts, an empty line, the titles and the last line.
    private var room: Int { max((Terminal.output?.rows ?? 24) - 4, 1) }

    private mutating func draw() {
        guard let waiting else { return }
        let columns = Terminal.output?.columns ?? 80
        let jobs = jobs
        let place = place
        first = min(max(first, place - room + 1, 0), place)
        first = max(0, min(first, jobs.count - room))
        let table = Table(jobs, Jobs.columns, columns: columns - 2).lines(columns: columns - 2)
        var lines = [Top.counts(snapshot, waiting: waiting).cut(to: columns), "", "  " + text(table[0])]
        for index in jobs.indices.dropFirst(first).prefix(room) {
            // A mark for those who see no colours.
            let mark = index == place ? Display.isUTF8 ? "▸ " : "> " : "  "
            lines.append(mark + text(table[index + 1]))
        }
        let last =
            jobs.count > room ? "\(first + 1) to \(min(first + room, jobs.count)) of \(jobs.count)  " : ""
        while lines.count < room + 3 { lines.append("") }
        let footer = asked.map { "cancel job \($0)? y cancels it" } ?? message.map { $0 } ?? Self.help
        lines.append(Paint.reverse.on((last + footer).printable.cut(to: columns - 1)))
        screen.show(lines)
    }

    private func text(_ parts: [(text: String, paint: Paint?)]) -> String {
        parts.map { $0.paint?.on(Output.shown($0.text)) ?? Output.shown($0.text) }.joined()
    }
}
