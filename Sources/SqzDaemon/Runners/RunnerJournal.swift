internal import Logging
internal import SqzProtocol
internal import Synchronization

/// What a runner writes on standard error, in the daemon's own log: so many lines at once and so many a second. What was left
/// out is counted, and told in one line.
final class RunnerJournal: Sendable {
    private struct State {
        var room = Double(Limits.journalLines)
        var last = ContinuousClock.now
        var leftOut = 0
    }

    private let log: Logger
    private let fields: Logger.Metadata
    private let state = Mutex(State())

    init(_ log: Logger, _ fields: Logger.Metadata) {
        self.log = log
        self.fields = fields
    }

    deinit { tell(state.withLock(\.leftOut)) }

    func write(_ line: String) {
        let leftOut: Int? = state.withLock { state in
            let now = ContinuousClock.now
            let more = (now - state.last) / .seconds(1) * Limits.journalLinesPerSecond
            (state.room, state.last) = (min(state.room + more, Double(Limits.journalLines)), now)
            guard state.room >= 1 else {
                state.leftOut += 1
                return nil
            }
            state.room -= 1
            defer { state.leftOut = 0 }
            return state.leftOut
        }
        guard let leftOut else { return }
        tell(leftOut)
        log.info("\(line)", metadata: fields)
    }

    private func tell(_ leftOut: Int) {
        guard leftOut > 0 else { return }
        let lines = leftOut == 1 ? "1 line of a runner was" : "\(leftOut) lines of a runner were"
        log.warning("\(lines) left out here", metadata: fields)
    }
}
