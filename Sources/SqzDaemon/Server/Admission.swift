internal import SqzProtocol
internal import Synchronization

/// Bounds how much of something costly happens at once. Who comes when all places are taken is told to try again.
final class Admission: Sendable {
    private let places: Int
    private let taken = Mutex(0)

    init(places: Int) { self.places = places }

    /// Runs `body` in one of the places; throws `SqzError.busy` where none is free.
    func run<Result>(_ body: () async throws -> Result) async throws -> Result {
        try taken.withLock { taken in
            guard taken < places else { throw SqzError.busy(limit: places) }
            taken += 1
        }
        defer { taken.withLock { $0 -= 1 } }
        return try await body()
    }
}
