internal import Synchronization

/// What a caller waits for, until it comes or the caller is cancelled: a runner that hangs must not keep the daemon from
/// stopping.
final class PendingReply<Value: Sendable>: Sendable {
    private typealias Outcome = Result<Value, any Error>

    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case resumed(Outcome)
    }

    private let state = Mutex(State.open)

    var value: Value {
        get async throws {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let outcome: Outcome? = state.withLock { state in
                        if case .resumed(let outcome) = state { return outcome }
                        state = .awaited(continuation)
                        return nil
                    }
                    if let outcome { continuation.resume(with: outcome) }
                }
            } onCancel: {
                resume(with: .failure(CancellationError()))
            }
        }
    }

    /// The first outcome counts.
    func resume(with outcome: Result<Value, any Error>) {
        let continuation: CheckedContinuation<Value, any Error>? = state.withLock { state in
            defer {
                if case .resumed = state {} else { state = .resumed(outcome) }
            }
            if case .awaited(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume(with: outcome)
    }
}
