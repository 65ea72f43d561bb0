internal import SqzProtocol
internal import Synchronization

/// Who follows which job, and how far each running job is. What the store keeps is published here right after.
final class Watchers: Sendable {
    private struct State {
        var streams: [Int: [Int: AsyncStream<Event>.Continuation]] = [:]
        var monitors: [Int: AsyncStream<Void>.Continuation] = [:]
        var progress: [Int: Event] = [:]
        var nextKey = 0
    }

    // A lock, not an actor: a stream's end is told by a synchronous callback.
    private let state = Mutex(State())

    /// What happens to a job from now on. A reader that falls behind loses events, which it notices by a gap in their
    /// sequence and reads from the store.
    func events(of job: Int) -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(64))
        let key = state.withLock { state in
            state.nextKey += 1
            state.streams[job, default: [:]][state.nextKey] = continuation
            return state.nextKey
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.streams[job]?[key] = nil
                if state.streams[job]?.isEmpty == true { state.streams[job] = nil }
            }
        }
        return stream
    }

    /// That something has happened to any job; several things may be one element.
    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let key = state.withLock { state in
            state.nextKey += 1
            state.monitors[state.nextKey] = continuation
            return state.nextKey
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.monitors[key] = nil }
        }
        return stream
    }

    func publish(_ event: Event, of job: Int) {
        let streams = state.withLock { state in
            if event.kind == .progress { state.progress[job] = event }
            if let next = event.state, next != .running { state.progress[job] = nil }
            return Array(state.streams[job, default: [:]].values)
        }
        publishChange()
        for stream in streams { stream.yield(event) }
    }

    /// Something has changed that is no event of a job.
    func publishChange() {
        for monitor in state.withLock({ Array($0.monitors.values) }) { monitor.yield() }
    }

    /// The last that a running job told of itself.
    func progress(of job: Int) -> Event? { state.withLock { $0.progress[job] } }

    /// When running jobs are likely to end, by what each told last.
    func expectedEnds() -> [Int: Int] {
        state.withLock { state in
            state.progress.compactMapValues { event in
                // As a runner says, which may be anything.
                event.progress?.secondsLeft.flatMap { left in
                    (0...Double(Limits.longestTime)).contains(left) ? event.time + Int(left * 1e6) : nil
                }
            }
        }
    }
}
