internal import Synchronization

/// What a caller waits for, until it comes or the caller is cancelled: a runner that hangs must not keep the daemon from
/// stopping.
final class PendingReply<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, any Error>

    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case heard(@Sendable (Outcome) -> Void)
        case resumed(Outcome)
    }

    private let state = Mutex((State.open, isBegun: false))

    var value: Value {
        get async throws {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let outcome: Outcome? = state.withLock { state in
                        if case .resumed(let outcome) = state.0 { return outcome }
                        state.0 = .awaited(continuation)
                        return nil
                    }
                    if let outcome { continuation.resume(with: outcome) }
                }
            } onCancel: {
                resume(with: .failure(CancellationError()))
            }
        }
    }

    /// Instead of waiting for it: `body` gets what comes, in the thread in which that is known.
    func hear(_ body: @escaping @Sendable (Outcome) -> Void) { state.withLock { $0.0 = .heard(body) } }

    /// Nothing has come of it yet.
    var isAwaited: Bool {
        state.withLock { state in
            if case .resumed = state.0 { false } else { true }
        }
    }

    /// Somebody is about to work on it; false where nobody waits for it any more.
    func begin() -> Bool {
        state.withLock { state in
            if case .resumed = state.0 { return false }
            state.isBegun = true
            return true
        }
    }

    /// The first outcome counts.
    ///
    /// - Parameter unlessBegun: an outcome for what nobody works on yet.
    func resume(with outcome: Result<Value, any Error>, unlessBegun: Bool = false) {
        let before: State? = state.withLock { state in
            if unlessBegun, state.isBegun { return nil }
            defer {
                if case .resumed = state.0 {} else { state.0 = .resumed(outcome) }
            }
            return state.0
        }
        switch before {
        case .awaited(let continuation): continuation.resume(with: outcome)
        case .heard(let body): body(outcome)
        case .open, .resumed, nil: break
        }
    }
}
