internal import SqzProtocol
internal import Synchronization

/// Bounds how much of something costly happens at once. Who comes when all places are taken is told to try again, and when.
final class Admission: Sendable {
    private struct State {
        var taken = 0
        /// How long it took lately; nil before the first.
        var seconds: Double?
    }

    private let places: Int
    private let state = Mutex(State())

    init(places: Int) { self.places = places }

    /// Runs `body` in one of the places; throws `SqzError.busy` where none is free.
    func run<Result>(_ body: () async throws -> Result) async throws -> Result {
        try state.withLock { state in
            guard state.taken < places else {
                // One of them ends in its part of the time.
                let wait = state.seconds.map { Int(max(1, ($0 / Double(places)).rounded(.up))) }
                throw SqzError.busy(limit: places, place: nil, seconds: wait)
            }
            state.taken += 1
        }
        let start = ContinuousClock.now
        defer {
            let seconds = start.duration(to: .now) / .seconds(1)
            state.withLock { state in
                state.taken -= 1
                state.seconds = state.seconds.map { ($0 + seconds) / 2 } ?? seconds
            }
        }
        return try await body()
    }
}
