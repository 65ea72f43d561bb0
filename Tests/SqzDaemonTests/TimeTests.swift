import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Holding, time limits and deadlines.
@Suite(.serialized, .daemon { try TestDaemon(runners: [.countdown]) }) struct TimeTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private static let endless: [String: JSONValue] = ["from": .integer(1_000), "delay": .integer(60)]
    private static var now: Int { Int(Date().timeIntervalSince1970 * 1e6) }

    @Test func aHeldJobWaitsUntilItIsResumed() throws {
        let id = try daemon.submit(.init(kind: "countdown", options: ["from": .integer(1)], hold: true))
        let held = try daemon.job(id)
        #expect(held.state == .paused && held.reason == "held until it is resumed" && held.position == nil)
        #expect(try daemon.end(of: daemon.countDown(from: 1)).state == .succeeded)
        #expect(try daemon.job(id).starts == 0)
        try daemon.call(JobsInterface.Resume.self, .init(id: id))
        #expect(try daemon.end(of: id).state == .succeeded)
        #expect(try daemon.events(of: id).compactMap(\.state) == [.paused, .queued, .running, .succeeded])
        for event in ["paused", "resumed", "started", "succeeded"] {
            #expect(
                daemon.reports.count { $0.contains("SQZ_JOB=\(id) ") && $0.contains("SQZ_EVENT=\(event)") } == 1,
                "\(event)")
        }
    }

    @Test func aJobThatIsNotHeldIsNot() throws {
        #expect(try daemon.end(of: daemon.submit(.init(kind: "countdown", hold: false))).state == .succeeded)
    }

    @Test func aJobRunsForItsTimeLimitAndLeavesACheckpoint() throws {
        let id = try daemon.submit(.init(kind: "countdown", options: Self.endless, timeLimit: 1))
        let job = try daemon.end(of: id)
        #expect(job.state == .failed && job.timeLimit == 1 && job.reason == "it ran for its time limit of 1 s")
        #expect(try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines.last == "stopped at 1000")
        let times = try daemon.events(of: id).map(\.time)
        #expect(times[2] - times[1] >= 1_000_000)
        // Again with all of its time, from the checkpoint.
        try daemon.call(JobsInterface.Retry.self, .init(id: id))
        #expect(try daemon.end(of: id).starts == 2)
        let again = try daemon.events(of: id)
        #expect(again[5].time - again[4].time >= 1_000_000)
        #expect(daemon.reports.count { $0.contains("SQZ_JOB=\(id) ") && $0.contains("SQZ_EVENT=retried") } == 1)
    }

    @Test func aJobThatIsDoneInTimeSucceeds() throws {
        let id = try daemon.submit(
            .init(
                kind: "countdown", options: ["from": .integer(1)], timeLimit: 3_600, deadline: Self.now + 3_600_000_000)
        )
        #expect(try daemon.end(of: id).state == .succeeded)
    }

    @Test func aDeadlineEndsWhatRunsAndWhatWaits() throws {
        let deadline = Self.now + 1_500_000
        let running = try daemon.submit(
            .init(kind: "countdown", options: Self.endless, priority: 100, deadline: deadline))
        let waiting = try daemon.submit(.init(kind: "countdown", deadline: deadline))
        let held = try daemon.submit(.init(kind: "countdown", hold: true, deadline: deadline))
        for id in [running, waiting, held] {
            let job = try daemon.end(of: id)
            #expect(job.state == .failed && job.deadline == deadline)
            #expect(job.reason == "its deadline, \(Timestamp.text(deadline)), has passed")
            #expect(job.starts == (id == running ? 1 : 0))
            #expect(try #require(job.endedAt) >= deadline)
        }
    }

    @Test func timesThatCannotBeMeantAreRefused() throws {
        for limit in [0, -1, Limits.longestTime + 1] {
            let reason = try daemon.expectInvalid(
                "timeLimit", from: JobsInterface.Submit.self, .init(kind: "countdown", timeLimit: limit))
            #expect(reason == "must be from 1 to \(Limits.longestTime) seconds, is \(limit)")
        }
        let past = try daemon.expectInvalid(
            "deadline", from: JobsInterface.Submit.self, .init(kind: "countdown", deadline: 1_000_000))
        #expect(past == "has passed: 1970-01-01 00:00:01 UTC")
        for deadline in [Self.now + (Limits.longestTime + 10) * 1_000_000, Int.max] {
            let far = try daemon.expectInvalid(
                "deadline", from: JobsInterface.Submit.self, .init(kind: "countdown", deadline: deadline))
            #expect(far.hasPrefix("must be at "))
        }
    }
}

/// Times that pass while the daemon is away.
@Suite struct AwayTests {
    @Test func aDeadlineThatPassesWhileTheDaemonIsAwayIsMetWhenItIsBack() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        let blocker = try daemon.block()
        let deadline = Int(Date().timeIntervalSince1970 * 1e6) + 3_600_000_000
        let id = try daemon.submit(.init(kind: "countdown", timeLimit: 3_600, deadline: deadline))
        try daemon.stop()
        try daemon.change("UPDATE jobs SET deadline = 1000000 WHERE id = \(id)")
        try daemon.start()
        let job = try daemon.end(of: id)
        #expect(job.state == .failed && job.reason == "its deadline, 1970-01-01 00:00:01 UTC, has passed")
        #expect(job.timeLimit == 3_600 && job.starts == 0)
        #expect(try daemon.job(blocker).state == .running)
        try daemon.stop()
    }
}
