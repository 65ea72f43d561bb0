internal import ArgumentParser
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Streams a job to the end, for `watch`, `wait` and `--follow`.
enum Following {
    /// Shows all that happens to jobs that were just submitted, until they end; the exit status tells how, also where nobody reads
    /// on. Ctrl-C detaches: the jobs go on.
    static func follow(_ ids: [Int], _ common: Common, showsClasses: Bool, events: EventFolder? = nil) throws {
        guard ids.count > 1 else { return try follow(ids[0], common, isKnown: true, whileRead: false, events) }
        try followAll(ids, common, whileRead: false, showsClasses: showsClasses, events)
    }

    /// The same for jobs that somebody only wants to see: it ends, too, when nobody reads on.
    static func watch(_ ids: [Int], _ common: Common, events: EventFolder?) throws {
        guard ids.count > 1 else { return try follow(ids[0], common, isKnown: false, whileRead: true, events) }
        try followAll(ids, common, whileRead: true, showsClasses: false, events)
    }

    private static func detachAtInterrupt() {
        signal(SIGINT) { _ in
            // Only what signal-safety(7) allows.
            let text: StaticString = "\ndetached; the job goes on\n"
            write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            _exit(EXIT_SUCCESS)
        }
    }

    private static func followAll(
        _ ids: [Int], _ common: Common, whileRead: Bool, showsClasses: Bool, _ events: EventFolder?
    ) throws {
        detachAtInterrupt()
        var jobs = try FollowedJobs(ids, common, showsClasses: showsClasses, events: events)
        try exit(with: try jobs.follow(whileRead: whileRead))
    }

    private static func follow(
        _ id: Int, _ common: Common, isKnown: Bool, whileRead: Bool, _ events: EventFolder?
    ) throws {
        detachAtInterrupt()
        let last = try states(
            of: id, common, isKnown: isKnown, whileRead: whileRead, print: !common.json, events: events)
        try exit(with: [last])
    }

    /// Waits for a job's end, without a word.
    static func end(of id: Int, _ common: Common, until deadline: ContinuousClock.Instant?) throws -> State {
        do {
            return try states(of: id, common.quiet, until: deadline)
        } catch ConnectionError.timedOut {
            // One that has ended needs no time, but the daemon's answer does.
            let state = try Daemon(common).call(JobsInterface.Show.self, .init(id: id), until: .now + patience).job
                .state
            guard state.isEnd else { throw ConnectionError.timedOut }
            return state
        }
    }

    /// A daemon that says nothing for so long hangs.
    private static let patience = Duration.seconds(10)

    static func exit(with ends: [State]) throws {
        if ends.contains(.failed) { throw ExitCode(1) }
        if ends.contains(.cancelled) { throw ExitCode(2) }
    }

    /// Goes through a job's states; gives the last one, which is no end where nobody reads on.
    ///
    /// - Parameter isKnown: whether the daemon has said that there is such a job.
    private static func states(
        of id: Int, _ common: Common, until deadline: ContinuousClock.Instant? = nil, isKnown: Bool = false,
        whileRead: Bool = false, print: Bool = false, events: EventFolder? = nil
    ) throws -> State {
        var isKnown = isKnown
        var last = State.queued
        var seen = 0
        var heard = false
        func stream() throws {
            try Daemon(common).stream(JobsInterface.Watch.self, .init(id: id, after: seen), until: deadline) { reply in
                (heard, isKnown) = (true, true)
                if whileRead, !Output.isOpen { return .stop }
                guard let event = reply.event else { return .more }
                last = event.state ?? last
                seen = event.sequence ?? seen
                if event.kind == .epoch || event.state?.isEnd == true {
                    try events?.add(try Daemon(common.quiet).trainingRun(id))
                }
                if print {
                    show(event, of: id)
                    if !whileRead { ClassTable.print(event.outcome?.byClass) }
                }
                return whileRead && !Output.isOpen ? .stop : .more
            }
            // Somebody asked for events after the last one, or the stream ended with the job.
            if !last.isEnd, !whileRead || Output.isOpen {
                last = try Daemon(common).call(JobsInterface.Show.self, .init(id: id)).job.state
            }
        }
        while true {
            do {
                heard = false
                try stream()
                return last
            } catch ConnectionError.closed where heard {
                // A daemon that is restarted keeps its socket: connecting waits until it is back. One that is gone has none,
                // and connecting says so.
                Output.endLive()
            } catch let error as ConnectionError where isKnown && error != .timedOut {
                Output.endLive()
                throw LostJob(id: id, error: error)
            }
        }
    }

    private static func show(_ event: Event, of id: Int) {
        if event.kind == .progress, let progress = event.progress {
            Output.live { LiveLine.text(of: id, progress, columns: $0) }
        } else {
            tell(event, of: id)
        }
    }

    /// What stays of an event.
    static func tell(_ event: Event, of id: Int) {
        switch event.kind {
        case .progress:
            guard let what = event.reason else { return }
            Output.endLive()
            Output.line("job \(id)  \(Format.named(what))")
        case .epoch:
            guard let progress = event.progress else { return }
            Output.endLive()
            let figures = (Format.figures(progress) + [progress.warning]).compactMap { $0 }
            Output.line(
                (["job \(id)", "epoch \(progress.epoch)/\(progress.epochs)"] + figures).joined(separator: "  "))
        case .state:
            Output.endLive()
            let details = [
                event.outcome.map(Format.outcome), event.outcome?.warning, event.reason.map(Format.named),
            ]
            .compactMap { $0 }.joined(separator: "; ")
            Output.paintedLine([
                ("job \(id)  ", nil), (event.state?.rawValue ?? "", event.state.flatMap(Paint.of)),
                ((details.isEmpty ? "" : ": " + details).printable, nil),
            ])
        }
    }
}

/// The daemon went away, and with it what it would have said of a job that it keeps.
struct LostJob: Error {
    let id: Int
    let error: ConnectionError
}

extension Common {
    /// The same daemon, for calls that the user did not ask to see.
    var quiet: Common {
        var common = self
        common.json = false
        return common
    }
}
