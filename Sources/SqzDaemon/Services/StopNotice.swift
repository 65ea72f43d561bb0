internal import Logging
internal import ServiceLifecycle
internal import SqzProtocol
internal import Synchronization
internal import Systemd

/// Whether the daemon is stopping: calls that have come are answered, but begin nothing.
final class Stopping: Sendable {
    private let flag = Atomic(false)

    func begin() { flag.store(true, ordering: .sequentiallyConsistent) }

    /// Throws `SqzError.stopping` if it is.
    func check() throws { if flag.load(ordering: .sequentiallyConsistent) { throw SqzError.stopping } }
}

/// Tells systemd that the daemon stops and, for as long as that takes, asks for more time: a runner has 20 s to its next step
/// and its checkpoint, whatever `TimeoutStopSec` says.
struct StopNotice: Service {
    private let notices = AsyncStream.makeStream(of: Void.self)
    private let stopping: Stopping
    private let log: Logger

    init(stopping: Stopping, log: Logger) {
        self.stopping = stopping
        self.log = log
    }

    /// As the last service it is the first to be told of the stop.
    func run() async throws {
        try await gracefulShutdown()
        stopping.begin()
        notices.continuation.yield()
    }

    private static let interval = Duration.seconds(5)
    /// Each part of a stop has its own deadline; what takes longer than all of them hangs, and is systemd's to end.
    private static let intervals = 24

    /// Runs `body`, which runs the services, and asks from the stop until its end.
    func during(_ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in notices.stream {
                    for _ in 0..<Self.intervals {
                        try ServiceManager.notify("STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=15000000")
                        try await Task.sleep(for: Self.interval)
                    }
                    log.error("stopping takes too long", metadata: ["SQZ_EVENT": "stopping"])
                }
            }
            try await body()
            group.cancelAll()
        }
    }
}
