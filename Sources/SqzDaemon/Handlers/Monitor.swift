internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    /// Sends what runs and waits, at once and after each change.
    func monitor(to replies: Replies) async throws {
        let changes = announcer.watchers.changes()
        let ticks = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                for await _ in changes { ticks.continuation.yield() }
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: Limits.keepalive)
                    ticks.continuation.yield()
                }
            }
            ticks.continuation.yield()
            for await _ in ticks.stream {
                try await replies.send(try await snapshot(), continues: true)
                // Changes that come meanwhile are one tick.
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func snapshot() async throws -> JobsInterface.Monitor.Reply {
        let outlook = scheduler.outlook
        return .init(
            running: try await store.jobs(in: [.running], limit: Limits.listedJobs, outlook).map(withLiveProgress),
            waiting: try await store.waitingJobs(limit: 100, outlook))
    }
}
