internal import ArgumentParser
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Streams a job to the end, for `watch`, `wait` and `--follow`.
enum Following {
    /// Shows all that happens to a job until it ends; the exit status tells how. Ctrl-C detaches: the job goes on.
    static func follow(_ id: Int, _ common: Common) throws {
        signal(SIGINT) { _ in
            // Only what signal-safety(7) allows.
            let text: StaticString = "\ndetached; the job goes on\n"
            write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            _exit(EXIT_SUCCESS)
        }
        let end = try watch(id, common, print: !common.json)
        try exit(with: [end])
    }

    /// Waits for a job's end, without a word.
    static func end(of id: Int, _ common: Common, until deadline: ContinuousClock.Instant?) throws -> State {
        do {
            return try watch(id, common.quiet, until: deadline, print: false)
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

    private static func watch(
        _ id: Int, _ common: Common, until deadline: ContinuousClock.Instant? = nil, print: Bool
    ) throws -> State {
        var last = State.queued
        var seen = 0
        var heard = false
        func stream() throws {
            try Daemon(common).stream(JobsInterface.Watch.self, .init(id: id, after: seen), until: deadline) { reply in
                heard = true
                guard let event = reply.event else { return .more }
                last = event.state ?? last
                seen = event.sequence ?? seen
                if print { show(event, of: id) }
                return .more
            }
        }
        while true {
            do {
                heard = false
                try stream()
                break
            } catch ConnectionError.closed where heard {
                // A daemon that is restarted keeps its socket: connecting waits until it is back. One that is gone has none,
                // and connecting says so.
                Output.endLive()
            }
        }
        // Somebody asked for events after the last one, or the stream ended with the job.
        if !last.isEnd { last = try Daemon(common).call(JobsInterface.Show.self, .init(id: id)).job.state }
        return last
    }

    private static func show(_ event: Event, of id: Int) {
        switch event.kind {
        case .progress:
            guard let progress = event.progress else { return }
            let name = "job \(id)  "
            Output.live { name + Format.progress(progress, columns: $0 - name.count) }
        case .epoch:
            guard let progress = event.progress else { return }
            Output.endLive()
            let figures = (Format.figures(progress) + [progress.warning]).compactMap { $0 }.joined(separator: "  ")
            Output.line("job \(id)  epoch \(progress.epoch)/\(progress.epochs)  \(figures)")
        case .state:
            Output.endLive()
            let details = [event.outcome.map(Format.outcome), event.outcome?.warning, event.reason]
                .compactMap { $0 }.joined(separator: "; ")
            Output.line("job \(id)  \(event.state?.rawValue ?? "")\(details.isEmpty ? "" : ": " + details)")
        }
    }
}

extension Common {
    /// The same daemon, for calls that the user did not ask to see.
    var quiet: Common {
        var common = self
        common.json = false
        return common
    }
}
