import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Who runs when, and cancelling.
@Suite(.serialized, .daemon { try TestDaemon(runners: [.countdown]) }) struct QueueTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func aWaitingJobIsCancelledAtOnce() throws {
        let blocker = try daemon.block()
        let id = try daemon.countDown()
        #expect(try daemon.job(id).position == 1)
        let job = try daemon.cancel(id)
        #expect(job.state == .cancelled && job.reason == "cancelled by uid \(geteuid())")
        #expect(job.starts == 0 && job.startedAt == nil && job.endedAt != nil)
        try daemon.cancel(blocker)
        #expect(try daemon.end(of: blocker).state == .cancelled)
    }

    @Test func aRunningJobEndsWhenItIsCancelled() throws {
        let id = try daemon.block()
        let answer = try daemon.cancel(id)
        #expect(answer.state == .running || answer.state == .cancelled)
        let job = try daemon.end(of: id)
        #expect(job.state == .cancelled && job.reason == "cancelled by uid \(geteuid())")
        #expect(try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines.last == "stopped at 1000")
    }

    @Test func anEndedJobCannotBeCancelled() throws {
        let id = try daemon.countDown(from: 1)
        try daemon.end(of: id)
        try daemon.expect(
            .jobEnded(id: id, state: .succeeded), from: JobsInterface.Cancel.self, .init(id: id))
        #expect(try daemon.job(id).state == .succeeded)
    }

    @Test func jobsThatAreNotThere() throws {
        for id in [0, -1, 1_000_000, Int.max, Int.min] {
            try daemon.expect(.noSuchJob(id: id), from: JobsInterface.Show.self, .init(id: id))
            try daemon.expect(.noSuchJob(id: id), from: JobsInterface.Cancel.self, .init(id: id))
            try daemon.expect(.noSuchJob(id: id), from: JobsInterface.Logs.self, .init(id: id))
            try daemon.expect(.noSuchJob(id: id), from: JobsInterface.Predictions.self, .init(id: id))
        }
        let error = #expect(throws: VarlinkError.self) { try daemon.events(of: 1_000_000) }
        #expect(try error == SqzError.noSuchJob(id: 1_000_000).wire(interface: JobsInterface.name))
    }

    @Test func aJobWaitsForThoseBeforeIt() throws {
        let blocker = try daemon.block()
        let first = try daemon.countDown()
        let after = [Dependency(job: blocker, condition: .any), Dependency(job: first, condition: .success)]
        let second = try daemon.countDown(priority: 100, after: after)
        #expect(try daemon.job(second).reason == "waits for job \(blocker), job \(first)")
        #expect(try daemon.job(second).after == after)
        try daemon.cancel(blocker)
        let last = try daemon.end(of: second)
        let before = try daemon.job(first)
        #expect(before.state == .succeeded && last.state == .succeeded)
        #expect(try #require(before.endedAt) <= #require(last.startedAt))
    }

    @Test(arguments: [false, true]) func aJobRunsAfterOneThatEndsAsItSaysElseItIsCancelled(crash: Bool) throws {
        let blocker = try daemon.block()
        let first = try daemon.countDown(crash: crash)
        let ids = try DependencyCondition.allCases.map {
            try daemon.countDown(from: 1, after: [Dependency(job: first, condition: $0)])
        }
        try daemon.cancel(blocker)
        let jobs = try ids.map { try daemon.end(of: $0) }
        #expect(try daemon.job(first).state == (crash ? .failed : .succeeded))
        #expect(
            jobs.map(\.state) == (crash ? [.cancelled, .succeeded, .succeeded] : [.succeeded, .cancelled, .succeeded]))
        let reason = "job \(first), which it waited for, has \(crash ? "failed" : "succeeded")"
        #expect(jobs[crash ? 0 : 1].reason == reason)
    }

    @Test func aRunningJobMakesRoomForOneOfHigherPriority() throws {
        let low = try daemon.block(priority: -1)
        let high = try daemon.countDown(from: 1, priority: 1)
        #expect(try daemon.end(of: high).state == .succeeded)
        try daemon.watch(low) { $0.sequence == 4 ? .stop : .more }
        let events = try daemon.call(JobsInterface.Show.self, .init(id: low)).job
        #expect(events.state == .running && events.starts == 2)
        try daemon.cancel(low)
        let reasons = try daemon.events(of: low).filter { $0.state == .queued }.map(\.reason)
        #expect(reasons == [nil, "makes room for job \(high), which has a higher priority"])
    }

    @Test func aPausedJobWaitsUntilItIsResumed() throws {
        let blocker = try daemon.block()
        let waiting = try daemon.countDown(from: 1)
        #expect(try daemon.call(JobsInterface.Pause.self, .init(id: waiting)).job.state == .paused)
        try daemon.expect(
            .wrongState(id: waiting, state: .paused), from: JobsInterface.Pause.self, .init(id: waiting))
        // A running one makes a checkpoint first.
        try daemon.call(JobsInterface.Pause.self, .init(id: blocker))
        try daemon.watch(blocker) { $0.state == .paused ? .stop : .more }
        let next = try daemon.countDown(from: 1)
        #expect(try daemon.end(of: next).state == .succeeded)
        #expect(try [waiting, blocker].map { try daemon.job($0).state } == [.paused, .paused])
        #expect(try daemon.call(JobsInterface.Resume.self, .init(id: waiting)).job.state != .paused)
        #expect(try daemon.end(of: waiting).state == .succeeded)
        #expect(try daemon.cancel(blocker).state == .cancelled)
        for id in [waiting, blocker] {
            #expect(try daemon.error(of: JobsInterface.Resume.self, .init(id: id))?.name == "io.sqzd.Jobs.JobEnded")
        }
    }

    @Test func aFailedJobIsRetriedFromItsCheckpoint() throws {
        let id = try daemon.countDown(from: 4, crash: true)
        #expect(try daemon.end(of: id).state == .failed)
        try daemon.call(JobsInterface.Retry.self, .init(id: id))
        let job = try daemon.end(of: id)
        #expect(job.state == .failed && job.starts == 8)
        let lines = try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines
        #expect(
            lines.filter { $0.contains("counting down from") }
                == [4, 3, 3, 3, 3, 3, 3, 3].map { "job \(id): counting down from \($0)" })
        let succeeded = try daemon.countDown(from: 1)
        try daemon.end(of: succeeded)
        try daemon.expect(
            .jobEnded(id: succeeded, state: .succeeded), from: JobsInterface.Retry.self, .init(id: succeeded))
    }

    @Test func aMonitorSeesWhatRunsAndWaits() throws {
        let client = try daemon.client()
        try client.send(JobsInterface.Monitor.self, NoParameters(), mode: .more)
        func next(_ isWanted: (JobsInterface.Monitor.Reply) -> Bool) throws {
            while true {
                let reply = try client.receive(JobsInterface.Monitor.self, until: TestDaemon.deadline)
                #expect(reply.continues)
                if isWanted(try reply.parameters(JobsInterface.Monitor.Reply.self)) { return }
            }
        }
        try next { $0.running.isEmpty && $0.waiting.isEmpty }
        let blocker = try daemon.block()
        let ids = [try daemon.countDown(priority: -1), try daemon.countDown()]
        try next { $0.running.map(\.id) == [blocker] && $0.waiting.map(\.id) == ids.reversed() }
        for id in ids + [blocker] { try daemon.cancel(id) }
        try next { $0.running.isEmpty && $0.waiting.isEmpty }
    }

    @Test func whatWaitsForNoJobIsNotQueued() throws {
        let newest = try daemon.countDown(from: 1)
        try daemon.end(of: newest)
        for other in [newest + 1, newest + 1_000, 0, -1] {
            try daemon.expect(
                .noSuchJob(id: other), from: JobsInterface.Submit.self,
                .init(kind: "countdown", after: [Dependency(job: other, condition: .any)]))
        }
        #expect(try daemon.call(JobsInterface.List.self, .init(limit: 1)).jobs.map(\.id) == [newest])
    }

    @Test func higherPrioritiesGoFirst() throws {
        let blocker = try daemon.block()
        let priorities = [0, 5, -5, 5, 100, -100]
        let ids = try priorities.map { try daemon.countDown(from: 1, priority: $0) }
        #expect(try ids.map { try daemon.job($0).position } == [4, 2, 5, 3, 1, 6])
        try daemon.cancel(blocker)
        try daemon.end(of: ids[5])
        let started = try ids.sorted { try #require(daemon.job($0).startedAt) < #require(daemon.job($1).startedAt) }
        #expect(started == [4, 1, 3, 0, 2, 5].map { ids[$0] })
    }

    @Test func aPriorityMayChangeWhileTheJobWaitsOrRuns() throws {
        let running = try daemon.block(priority: 0)
        let ids = [try daemon.countDown(from: 1), try daemon.countDown(from: 1, priority: -1)]
        #expect(try daemon.call(JobsInterface.Prioritize.self, .init(id: ids[1], priority: 0)).job.position == 2)
        #expect(try daemon.job(running).state == .running)
        // Now both go before the one that runs.
        #expect(try daemon.call(JobsInterface.Prioritize.self, .init(id: running, priority: -1)).job.priority == -1)
        for id in ids { #expect(try daemon.end(of: id).state == .succeeded) }
        let reason = "makes room for job \(ids[0]), which has a higher priority"
        #expect(try daemon.call(JobsInterface.Cancel.self, .init(id: running)).job.priority == -1)
        #expect(try daemon.events(of: running).contains { $0.state == .queued && $0.reason == reason })
        try daemon.expect(
            .jobEnded(id: ids[0], state: .succeeded), from: JobsInterface.Prioritize.self,
            .init(id: ids[0], priority: 1))
    }

    @Test func jobsAreListedNewestFirst() throws {
        let blocker = try daemon.block()
        let ids = try (0..<5).map { _ in try daemon.countDown(from: 1) }
        func list(_ parameters: JobsInterface.List.Parameters) throws -> [Int] {
            try daemon.call(JobsInterface.List.self, parameters).jobs.map(\.id)
        }
        #expect(try list(.init(limit: 3)) == Array(ids.reversed().prefix(3)))
        #expect(try list(.init(before: ids[3], limit: 2)) == [ids[2], ids[1]])
        #expect(try list(.init(states: [.queued])) == ids.reversed())
        #expect(try list(.init(states: [.running])) == [blocker])
        #expect(try list(.init(states: [.queued, .running])) == ids.reversed() + [blocker])
        #expect(try list(.init(states: [])) == [])
        for id in ids { try daemon.cancel(id) }
        try daemon.cancel(blocker)
        try daemon.end(of: blocker)
    }

    @Test func theServiceManagerHearsHowManyRunAndWait() throws {
        let blocker = try daemon.block()
        let count = daemon.reports.count
        let id = try daemon.countDown()
        try daemon.wait(for: "STATUS=1 running, 1 waiting", after: count)
        try daemon.cancel(id)
        try daemon.cancel(blocker)
        try daemon.wait(for: "STATUS=0 running, 0 waiting", after: count)
        let jobs = try daemon.call(ManagerInterface.Info.self, NoParameters()).jobs
        #expect(jobs.running == 0 && jobs.queued == 0 && jobs.cancelled >= 2)
    }
}
