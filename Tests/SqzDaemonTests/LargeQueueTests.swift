import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// As many jobs as may wait. How fast that is, README says: no test asserts a time.
@Suite(.serialized) struct LargeQueueTests {
    /// Queues jobs behind the daemon's back, faster than it would sync each.
    private func fill(_ daemon: TestDaemon, _ count: Int, uid: Int) throws {
        try daemon.change(
            """
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(count))
            INSERT INTO jobs (kind, runner, state, uid, priority, options, submittedAt)
            SELECT 'countdown', 'countdown', 'queued', \(uid), 0, '{"from":1}', 1 FROM numbers
            """,
            "INSERT OR IGNORE INTO events (job, sequence, time, kind, state) SELECT id, 1, 1, 'state', 'queued' FROM jobs"
        )
    }

    /// The largest that a process has been, in bytes: VmHWM of proc_pid_status(5).
    private func peak(of pid: pid_t) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.split(separator: " ").dropLast().last ?? "")) * 1_024
    }

    @Test func tenThousandJobsAreListedInOrderWithinBoundedMemoryAndOneMoreIsRefused() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        let blocker = try daemon.block()
        try daemon.stop()
        try fill(daemon, Limits.queuedJobsPerUser, uid: Int(geteuid()))
        try daemon.start()
        try daemon.watch(blocker, after: 2) { $0.state == .running ? .stop : .more }

        var positions: [Int?] = []
        var before: Int?
        while true {
            let page = try daemon.call(
                JobsInterface.List.self, .init(states: [.queued], before: before, limit: Limits.listedJobs)
            ).jobs
            guard let last = page.last else { break }
            positions += page.map(\.position)
            before = last.id
        }
        // Newest first, each by its place.
        #expect(positions == (1...Limits.queuedJobsPerUser).reversed())
        #expect(try daemon.snapshot().waiting.map(\.position) == (1...100).map { $0 })
        let full = SqzError.queueFull(
            limit: Limits.queuedJobsPerUser, queued: Limits.queuedJobsPerUser, uid: Int(geteuid()))
        try daemon.expect(full, from: JobsInterface.Submit.self, .init(kind: "countdown"))
        try daemon.expect(full, from: JobsInterface.Submit.self, .init(kind: "countdown", hold: true))
        // With one less there is room for one.
        try daemon.cancel(blocker + 1)
        let id = try daemon.countDown(from: 1)
        #expect(try daemon.job(id).position == Limits.queuedJobsPerUser)
        try daemon.expect(full, from: JobsInterface.Retry.self, .init(id: blocker + 1))
        #expect(try peak(of: #require(daemon.pid)) < 64 << 20)

        // As many again of another user's are all that there may be.
        try daemon.stop()
        try fill(daemon, Limits.queuedJobs - Limits.queuedJobsPerUser, uid: 4_711)
        try daemon.start()
        try daemon.watch(blocker, after: 4) { $0.state == .running ? .stop : .more }
        try daemon.expect(
            .queueFull(limit: Limits.queuedJobs, queued: Limits.queuedJobs, uid: nil), from: JobsInterface.Submit.self,
            .init(kind: "countdown"))
        #expect(try daemon.snapshot().waiting.map(\.position) == (1...100).map { $0 })
        #expect(try daemon.job(id).position != nil)
        #expect(try peak(of: #require(daemon.pid)) < 64 << 20)
        daemon.kill()
    }
}
