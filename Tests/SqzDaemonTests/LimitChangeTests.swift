import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Deadlines and time limits that change after a job was submitted.
@Suite(.serialized, .daemon { try TestDaemon(runners: [.countdown]) }) struct LimitChangeTests {
    private typealias Limit = JobsInterface.Limit
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private static let endless: [String: JSONValue] = ["from": .integer(1_000), "delay": .integer(60)]
    private static var now: Int { Int(Date().timeIntervalSince1970 * 1e6) }

    @Test func aJobThatWaitsGetsOthersOrNone() throws {
        let id = try daemon.submit(.init(kind: "countdown", hold: true, timeLimit: 60))
        let deadline = Self.now + 3_600_000_000
        var job = try daemon.call(Limit.self, .init(id: id, deadline: deadline)).job
        #expect(job.deadline == deadline && job.timeLimit == 60 && job.state == .paused)
        job = try daemon.call(Limit.self, .init(id: id, deadline: 0, timeLimit: 120)).job
        #expect(job.deadline == nil && job.timeLimit == 120)
        #expect(try daemon.job(id) == job)
        let lines = daemon.reports.filter { $0.contains("SQZ_JOB=\(id) ") && $0.contains("SQZ_EVENT=limited") }
        #expect(lines.count == 2)
        #expect(
            lines[1].contains("deadline none instead of \(Timestamp.text(deadline)), time limit 120 s instead of 60 s"))
        // It is no event of the job's history.
        #expect(try daemon.call(Limit.self, .init(id: id, timeLimit: 0)).job.timeLimit == nil)
        try daemon.cancel(id)
        #expect(try daemon.events(of: id).map(\.state) == [.paused, .cancelled])
    }

    @Test func aDeadlineThatIsSetEndsWhatWaits() throws {
        let id = try daemon.submit(.init(kind: "countdown", hold: true))
        let deadline = Self.now + 1_000_000
        try daemon.call(Limit.self, .init(id: id, deadline: deadline))
        let job = try daemon.end(of: id)
        #expect(job.state == .failed && job.reason == "its deadline, \(Timestamp.text(deadline)), has passed")
        // The way back.
        let reason = try daemon.expectInvalid("deadline", from: JobsInterface.Retry.self, .init(id: id))
        #expect(reason.contains("has passed; give it another one, or none: sqzctl limit \(id) --deadline none"))
        try daemon.call(Limit.self, .init(id: id, deadline: 0))
        try daemon.call(JobsInterface.Retry.self, .init(id: id))
        #expect(try daemon.end(of: id).state == .succeeded)
        try daemon.expect(.jobEnded(id: id, state: .succeeded), from: Limit.self, .init(id: id, deadline: 0))
    }

    @Test func theLimitsOfARunningJobCountAtOnce() throws {
        let id = try daemon.submit(.init(kind: "countdown", options: Self.endless, timeLimit: 3_600))
        try daemon.wait(for: "job \(id): counting down")
        try daemon.call(Limit.self, .init(id: id, timeLimit: 2))
        let job = try daemon.end(of: id)
        #expect(job.state == .failed && job.reason == "it ran for its time limit of 2 s")
        // Again with all of another one.
        try daemon.call(Limit.self, .init(id: id, timeLimit: 1))
        try daemon.call(JobsInterface.Retry.self, .init(id: id))
        #expect(try daemon.end(of: id).reason == "it ran for its time limit of 1 s")
        let times = try daemon.events(of: id).map(\.time)
        #expect(times[5] - times[4] >= 1_000_000)

        let late = try daemon.submit(
            .init(kind: "countdown", options: Self.endless, deadline: Self.now + 3_600_000_000))
        try daemon.wait(for: "job \(late): counting down")
        try daemon.call(Limit.self, .init(id: late, deadline: Self.now + 1_000_000))
        #expect(try daemon.end(of: late).reason?.hasPrefix("its deadline, ") == true)
    }

    @Test func whatCannotBeMeantIsRefused() throws {
        let id = try daemon.submit(.init(kind: "countdown", hold: true))
        #expect(
            try daemon.expectInvalid("deadline", from: Limit.self, .init(id: id))
                == "say which, or which time limit; 0 is none")
        #expect(
            try daemon.expectInvalid("deadline", from: Limit.self, .init(id: id, deadline: 1)).hasPrefix("has passed"))
        for limit in [-1, Limits.longestTime + 1] {
            try daemon.expectInvalid("timeLimit", from: Limit.self, .init(id: id, timeLimit: limit))
        }
        try daemon.expect(.noSuchJob(id: 900), from: Limit.self, .init(id: 900, deadline: 0))
        try daemon.cancel(id)
    }
}

/// The same, with a daemon that is killed.
@Suite struct LimitCrashTests {
    @Test func aLimitThatWasChangedSurvivesACrash() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        let deadline = Int(Date().timeIntervalSince1970 * 1e6) + 3_600_000_000
        let id = try daemon.submit(.init(kind: "countdown", hold: true, timeLimit: 60))
        let client = try daemon.client()
        for limit in 61...90 {
            try client.send(JobsInterface.Limit.self, .init(id: id, deadline: deadline, timeLimit: limit))
        }
        var told = 0
        for _ in 0..<15 {
            let reply = try client.receive(JobsInterface.Limit.self, until: TestDaemon.deadline)
            told = try #require(try reply.parameters(JobsInterface.Limit.Reply.self).job.timeLimit)
        }
        daemon.kill()
        try daemon.start()
        let job = try daemon.job(id)
        #expect(try #require(job.timeLimit) >= told && told == 75 && job.deadline == deadline)
        try daemon.stop()
    }
}
