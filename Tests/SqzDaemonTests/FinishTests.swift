import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Trainings that are finished early, and those that leave a part when they are cancelled or their time is over.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }) struct FinishTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    /// A training that would take for ever.
    private func endless(
        _ model: String, timeLimit: Int? = nil, keepPartial: Bool? = nil, on daemon: TestDaemon? = nil
    ) throws -> Int {
        try (daemon ?? self.daemon).submit(
            .init(
                kind: "train", options: ["epochs": .integer(100_000), "batch-size": .integer(20)], dataset: "colours",
                model: model, timeLimit: timeLimit, keepPartial: keepPartial))
    }

    /// Waits for a whole epoch.
    private func epoch(of id: Int, on daemon: TestDaemon? = nil) throws {
        try (daemon ?? self.daemon).watch(id) { $0.kind == .epoch ? .stop : .more }
    }

    @discardableResult
    private func finish(_ id: Int) throws -> Job { try daemon.call(JobsInterface.Finish.self, .init(id: id)).job }

    private func lines(_ id: Int, _ event: String) -> [String] {
        daemon.reports.filter { $0.contains("SQZ_JOB=\(id) ") && $0.contains("SQZ_EVENT=\(event)") }
    }

    private func expectFinished(_ job: Job, _ model: String) throws {
        #expect(job.state == .succeeded && job.reason == nil && job.finishing == nil, "\(job)")
        let outcome = try #require(job.outcome)
        #expect(outcome.model == "\(model)@1" && outcome.early == .finished && outcome.epochs == 100_000)
        #expect(outcome.warning == nil || outcome.warning?.hasPrefix("no better than chance") == true)
        let (epoch, last) = (try #require(outcome.epoch), try #require(outcome.lastEpoch))
        #expect(epoch >= 1 && epoch <= last && last < 100_000)
        #expect(outcome.byClass?.count == 10)
        let shown = try daemon.call(ModelsInterface.Show.self, .init(model: "\(model)@1"))
        #expect(shown.history?.first?.epoch == epoch && shown.history?.first?.lastEpoch == last)
        #expect(shown.history?.first?.epochs == 100_000)
    }

    @Test func aRunningTrainingIsFinished() throws {
        let id = try endless("running")
        try epoch(of: id)
        let job = try finish(id)
        #expect(job.state == .running && job.finishing == true)
        try expectFinished(daemon.end(of: id), "running")
        #expect(lines(id, "finishing").count == 1)
        #expect(lines(id, "finishing")[0].contains("is to finish: asked for by uid \(geteuid())"))
        #expect(lines(id, "succeeded")[0].contains("finished early in epoch "))
        try daemon.expect(.jobEnded(id: id, state: .succeeded), from: JobsInterface.Finish.self, .init(id: id))
        // Lists are short, whatever a job came to.
        let listed = try daemon.call(JobsInterface.List.self, .init(limit: 1)).jobs
        #expect(listed[0].outcome?.model == "running@1" && listed[0].outcome?.byClass == nil)
    }

    @Test func aPausedTrainingIsFinishedWhenItsTurnComes() throws {
        let id = try endless("paused")
        try epoch(of: id)
        try daemon.call(JobsInterface.Pause.self, .init(id: id))
        try daemon.watch(id) { $0.state == .paused ? .stop : .more }
        let blocker = try daemon.block()
        let job = try finish(id)
        #expect(job.state == .queued && job.finishing == true)
        #expect(job.reason == "is to finish: asked for by uid \(geteuid()); waits for its turn")
        try daemon.cancel(blocker)
        try expectFinished(daemon.end(of: id), "paused")
    }

    /// What was learnt until the time was over is not lost.
    @Test func aFailedTrainingIsFinished() throws {
        let id = try endless("late", timeLimit: 2)
        #expect(try daemon.end(of: id).state == .failed)
        try finish(id)
        try expectFinished(daemon.end(of: id), "late")
    }

    @Test func whatCannotBeFinishedIsRefused() throws {
        let blocker = try daemon.block()
        #expect(
            try daemon.expectInvalid("id", from: JobsInterface.Finish.self, .init(id: blocker))
                == "job \(blocker) can't be finished: the runner countdown does not do that with countdown jobs")
        let id = try endless("never")
        #expect(
            try daemon.expectInvalid("id", from: JobsInterface.Finish.self, .init(id: id))
                == "job \(id) has no checkpoint that a model could be made of; it has to run before it is finished")
        try daemon.cancel(id)
        try daemon.expect(.jobEnded(id: id, state: .cancelled), from: JobsInterface.Finish.self, .init(id: id))
        try daemon.expect(.noSuchJob(id: 9_999), from: JobsInterface.Finish.self, .init(id: 9_999))
        #expect(
            try daemon.expectInvalid(
                "keepPartial", from: JobsInterface.Submit.self, .init(kind: "countdown", keepPartial: true))
                == "the runner countdown does not finish countdown jobs early")
        try daemon.cancel(blocker)
    }

    @Test(.enabled(if: OtherUser.isAvailable, "another user can't be become")) func onlyItsOwnerFinishesAJob() throws {
        #expect(chmod(daemon.socket, 0o666) == 0)
        let id = try endless("own")
        try epoch(of: id)
        let reply = try OtherUser.call(daemon, "io.sqzd.Jobs.Finish", .object(["id": .integer(Int64(id))]))
        #expect(reply.contains("org.varlink.service.PermissionDenied"), "\(reply)")
        #expect(try daemon.job(id).finishing == nil)
        try daemon.cancel(id)
        #expect(try daemon.end(of: id).outcome == nil)
    }

    private func expectPart(_ job: Job, _ state: State, _ model: String, _ reason: String) throws {
        #expect(job.state == state && job.reason == reason, "\(job)")
        let outcome = try #require(job.outcome)
        #expect(outcome.model == "\(model)@1" && outcome.early == .finished && outcome.epochs == 100_000)
        let warning = "its training did not come to its end: \(reason)"
        #expect(outcome.warning?.hasSuffix(warning) == true)
        let shown = try daemon.call(ModelsInterface.Show.self, .init(model: model)).model
        #expect(shown.warning == outcome.warning && shown.job == job.id && shown.accuracy == outcome.accuracy)
    }

    @Test func aCancelledTrainingLeavesItsPart() throws {
        let id = try endless("part", keepPartial: true)
        #expect(try daemon.job(id).keepPartial == true)
        try epoch(of: id)
        try daemon.cancel(id)
        let reason = "cancelled by uid \(geteuid())"
        try expectPart(daemon.end(of: id), .cancelled, "part", reason)
        #expect(lines(id, "cancelled")[0].contains("cancelled; part@1 is what it had"))
        // While it waits, too: when its turn comes.
        let waiting = try endless("later", keepPartial: true)
        try epoch(of: waiting)
        try daemon.call(JobsInterface.Pause.self, .init(id: waiting))
        try daemon.watch(waiting) { $0.state == .paused ? .stop : .more }
        try daemon.cancel(waiting)
        try expectPart(daemon.end(of: waiting), .cancelled, "later", reason)
    }

    @Test func aTrainingWhoseTimeIsOverLeavesItsPart() throws {
        let id = try endless("timed", timeLimit: 2, keepPartial: true)
        try expectPart(daemon.end(of: id), .failed, "timed", "it ran for its time limit of 2 s")
    }

    /// Cancelled twice, it ends at once; and one that has not begun has no part.
    @Test func whoCancelsAgainGetsNoPart() throws {
        let blocker = try daemon.block()
        let id = try endless("none", keepPartial: true)
        try daemon.cancel(id)
        #expect(try daemon.job(id).state == .cancelled)
        try daemon.cancel(blocker)
        let stopped = try endless("none", keepPartial: true)
        try epoch(of: stopped)
        // It hears of neither before both are there.
        kill(try daemon.runnerProcess(), SIGSTOP)
        try daemon.cancel(stopped)
        try daemon.cancel(stopped)
        let job = try daemon.end(of: stopped)
        #expect(job.state == .cancelled && job.outcome == nil)
    }
}

/// The same, with a daemon that is killed.
@Suite struct FinishCrashTests {
    @Test func whatIsToFinishSurvivesACrash() throws {
        let daemon = try TestDaemon()
        try daemon.importColours()
        let id = try daemon.submit(
            .init(
                kind: "train", options: ["epochs": .integer(100_000), "batch-size": .integer(20)], dataset: "colours",
                model: "m", keepPartial: true))
        // The first epoch's checkpoint is there when the second is over.
        try daemon.watch(id) { $0.kind == .epoch && $0.progress?.epoch == 2 ? .stop : .more }
        kill(try daemon.runnerProcess(), SIGSTOP)
        try daemon.cancel(id)
        daemon.kill()
        try daemon.start()
        let job = try daemon.end(of: id)
        #expect(job.state == .cancelled && job.reason?.hasPrefix("cancelled by ") == true, "\(job)")
        #expect(job.outcome?.model == "m@1" && job.starts == 2, "\(job)")
        try daemon.stop()
    }
}
