internal import Synchronization

/// Lets only so many calls of one user be worked on at the same time; their others wait, in order. So a user who sends many
/// calls over many connections delays their own, and hardly those of others.
package final class Turns: Sendable {
    private struct User {
        var running = 0
        var waiting: [(key: Int, turn: CheckedContinuation<Void, any Error>)] = []
    }

    private struct State {
        var users: [Peer: User] = [:]
        var nextKey = 0

        /// Takes a place if one is free. Nobody waits while it is.
        mutating func enter(_ peer: Peer, _ places: Int) -> Bool {
            guard users[peer, default: User()].running < places else { return false }
            users[peer, default: User()].running += 1
            return true
        }
    }

    private let places: Int
    private let state = Mutex(State())

    package init(places: Int) { self.places = places }

    /// Runs `body` when it is the user's turn.
    package func take<Result>(_ peer: Peer, _ body: () async throws -> Result) async throws -> Result {
        try await enter(peer)
        defer { leave(peer) }
        return try await body()
    }

    private func enter(_ peer: Peer) async throws {
        let wait: Int? = state.withLock { state in
            guard !state.enter(peer, places) else { return nil }
            state.nextKey += 1
            return state.nextKey
        }
        guard let key = wait else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (turn: CheckedContinuation<Void, any Error>) in
                state.withLock { state in
                    if Task.isCancelled {
                        turn.resume(throwing: CancellationError())
                    } else if state.enter(peer, places) {
                        turn.resume()
                    } else {
                        state.users[peer]?.waiting.append((key, turn))
                    }
                }
            }
        } onCancel: {
            state.withLock { state in
                guard let place = state.users[peer]?.waiting.firstIndex(where: { $0.key == key }) else { return }
                state.users[peer]?.waiting.remove(at: place).turn.resume(throwing: CancellationError())
            }
        }
    }

    private func leave(_ peer: Peer) {
        state.withLock { state in
            guard var user = state.users.removeValue(forKey: peer) else { return }
            if user.waiting.isEmpty {
                user.running -= 1
            } else {
                user.waiting.removeFirst().turn.resume()
            }
            if user.running > 0 { state.users[peer] = user }
        }
    }
}
