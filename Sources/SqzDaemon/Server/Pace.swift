internal import SqzProtocol
internal import Synchronization

/// Ends work that a client or a runner lets stand still, so that nobody keeps a place for ever.
final class Pace: Sendable {
    private let seconds: Int
    private let deadline: Mutex<ContinuousClock.Instant>

    /// - Parameter seconds: that a step may take.
    init(seconds: Int) {
        self.seconds = seconds
        deadline = Mutex(.now + .seconds(seconds))
    }

    /// A step was done.
    func step() { deadline.withLock { $0 = .now + .seconds(seconds) } }

    /// Runs `body`, which tells of its steps. One that takes too long cancels it, and throws `SqzError.failed`.
    func keep(_ what: String, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask { [self] in
                while case let end = deadline.withLock({ $0 }), end > .now { try await Task.sleep(until: end) }
                throw SqzError.failed(reason: "\(what) stood still for \(seconds) s")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
