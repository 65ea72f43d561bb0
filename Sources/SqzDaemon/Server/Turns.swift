internal import Synchronization

/// Lets only so much be worked on at the same time for each key; what else there is waits, in order. With users as keys, who
/// sends many calls over many connections delays their own, and hardly those of others.
package final class Turns<Key: Hashable & Sendable>: Sendable {
    private struct Line {
        var running = 0
        var waiting: [(number: Int, turn: CheckedContinuation<Void, any Error>)] = []
    }

    private struct State {
        var lines: [Key: Line] = [:]
        var nextNumber = 0

        /// Takes a place if one is free. Nobody waits while it is.
        mutating func enter(_ key: Key, _ places: Int) -> Bool {
            guard lines[key, default: Line()].running < places else { return false }
            lines[key, default: Line()].running += 1
            return true
        }
    }

    private let places: Int
    private let state = Mutex(State())

    package init(places: Int) { self.places = places }

    /// Runs `body` when it is its turn.
    package func take<Result>(_ key: Key, _ body: () async throws -> Result) async throws -> Result {
        try await enter(key)
        defer { leave(key) }
        return try await body()
    }

    /// Runs `body` where it would not have to wait; nil where it would.
    package func takeIfFree<Result>(_ key: Key, _ body: () async throws -> Result) async throws -> Result? {
        guard state.withLock({ $0.enter(key, places) }) else { return nil }
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: Key) async throws {
        let wait: Int? = state.withLock { state in
            guard !state.enter(key, places) else { return nil }
            state.nextNumber += 1
            return state.nextNumber
        }
        guard let number = wait else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (turn: CheckedContinuation<Void, any Error>) in
                state.withLock { state in
                    if Task.isCancelled {
                        turn.resume(throwing: CancellationError())
                    } else if state.enter(key, places) {
                        turn.resume()
                    } else {
                        state.lines[key]?.waiting.append((number, turn))
                    }
                }
            }
        } onCancel: {
            state.withLock { state in
                guard let place = state.lines[key]?.waiting.firstIndex(where: { $0.number == number }) else { return }
                state.lines[key]?.waiting.remove(at: place).turn.resume(throwing: CancellationError())
            }
        }
    }

    private func leave(_ key: Key) {
        state.withLock { state in
            guard var line = state.lines.removeValue(forKey: key) else { return }
            if line.waiting.isEmpty {
                line.running -= 1
            } else {
                line.waiting.removeFirst().turn.resume()
            }
            if line.running > 0 { state.lines[key] = line }
        }
    }
}
