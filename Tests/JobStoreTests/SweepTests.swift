import JobStore
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Jobs that are submitted together, what is done to all of them, and which of their models is the best.
@Suite struct SweepTests {
    private let scratch: ScratchDirectory
    private let store: JobStore

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private let outlook = Outlook(now: 1, limits: RunningLimits(jobs: 64, perUser: 64))

    private func submit(
        _ rates: [Double], name: String? = nil, promoteBest: Bool = false, uid: Int = 1,
        limits: QueueLimits = QueueLimits(jobs: 100, perUser: 50)
    ) async throws -> (name: String, ids: [Int]) {
        let members = rates.map { rate in
            var member = Submission(kind: "train", runner: "r", uid: uid, options: ["rate": .number(rate)], model: "m")
            member.varied = ["rate": .number(rate)]
            return member
        }
        let (name, changes) = try await store.submit(
            SweepSubmission(name: name, repeated: nil, promoteBest: promoteBest, members: members), at: 1,
            limits: limits)
        return (name, changes.map(\.job.id))
    }

    private func model(accuracy: Double?, loss: Double? = nil, warning: String? = nil) -> NewModel {
        NewModel(
            name: "m", sha256: "s", size: 3, runner: "r", made: .sample, publisher: .user(1), loss: loss,
            accuracy: accuracy, warning: warning)
    }

    private func succeed(
        _ accuracy: Double?, loss: Double? = nil, warning: String? = nil
    ) async throws {
        let id = try #require(try await store.startNext(at: 2, limits: outlook.limits)?.job.id)
        _ = try await store.succeed(
            id, Outcome(loss: loss, accuracy: accuracy),
            making: model(accuracy: accuracy, loss: loss, warning: warning), at: 3)
    }

    @Test func allOrNone() async throws {
        let (name, ids) = try await submit([1, 2, 3])
        #expect(name == "sweep-1" && ids == [1, 2, 3])
        let jobs = try await store.jobs(limit: 10, outlook)
        #expect(jobs.map(\.sweep) == [name, name, name] && jobs.map(\.name) == [name, name, name])
        let members = try await store.sweep(name, outlook).members
        #expect(members.map(\.job.id) == ids && members[1].options == ["rate": .number(2)])

        // One too many for the queue: none is there, and no name is taken.
        let limits = QueueLimits(jobs: 100, perUser: 5)
        await #expect(throws: SqzError.queueFull(limit: 5, queued: 3, uid: 1)) {
            _ = try await submit([4, 5, 6], name: "more", limits: limits)
        }
        await #expect(throws: SqzError.noSuchSweep(name: "more", known: ["sweep-1"])) {
            _ = try await store.sweep("more")
        }
        #expect(try await submit([4, 5], name: "more", limits: limits).ids == [4, 5])
        let error = await #expect(throws: SqzError.self) { try await submit([1], name: "more", uid: 2) }
        #expect("\(try #require(error))".contains("uid 1 has a sweep more already"))
        #expect(try await store.counts().queued == 5)
        #expect(try await submit([7]).name == "sweep-6")
    }

    @Test func aSweepIsStillOneAfterARestart() async throws {
        let name = try await submit([1, 2], name: "s", promoteBest: true).name
        try store.close()
        let reopened = try JobStore(path: scratch["sqzd.db"])
        let (sweep, members) = try await reopened.sweep(name, outlook)
        #expect(sweep == Sweep(name: "s", kind: "train", uid: 1, submittedAt: 1, promoteBest: true, promoted: false))
        #expect(members.map(\.options) == [["rate": .number(1)], ["rate": .number(2)]])
    }

    @Test func allAreChangedAtOnce() async throws {
        let (name, ids) = try await submit([1, 2, 3])
        let other = try await submit([1]).ids[0]
        #expect(try await store.startNext(at: 2, limits: outlook.limits)?.job.id == ids[0])
        #expect(try await store.prioritize(sweep: name, -7).map(\.job.priority) == [-7, -7, -7])
        let paused = try await store.move(sweep: name, from: [.queued], to: .paused, reason: "p", at: 3)
        #expect(paused.changes.map(\.job.id) == [ids[1], ids[2]] && paused.running == [ids[0]])
        let resumed = try await store.putBack(
            sweep: name, from: [.paused], reason: "r", at: 4, limits: QueueLimits(jobs: 100, perUser: 50))
        #expect(resumed.map(\.job.state) == [.queued, .queued])
        _ = try await store.move(sweep: name, from: [.queued, .paused], to: .cancelled, reason: "c", at: 5)
        #expect(try await store.sweep(name, outlook).members.map(\.job.state) == [.running, .cancelled, .cancelled])
        // All of them or none: there is room for one.
        await #expect(throws: SqzError.queueFull(limit: 2, queued: 2, uid: 1)) {
            _ = try await store.putBack(
                sweep: name, from: [.cancelled], reason: "r", at: 6, limits: QueueLimits(jobs: 100, perUser: 2))
        }
        #expect(try await store.sweep(name, outlook).members.map(\.job.state) == [.running, .cancelled, .cancelled])
        #expect(try await store.job(other).priority == 0)
    }

    @Test func theBestIsChosenWhenTheLastEnds() async throws {
        let (name, _) = try await submit([1, 2, 3, 4, 5], promoteBest: true)
        try await succeed(0.5, loss: 0.9)
        try await succeed(0.9, warning: "no better than chance")
        try await succeed(0.7, loss: 0.8)
        try await succeed(0.7, loss: 0.6)
        #expect(try await store.sweep(name).best == nil)
        #expect(try await store.duePromotion()?.model == nil)
        let last = try #require(try await store.startNext(at: 5, limits: outlook.limits)?.job.id)
        _ = try await store.move(last, to: .failed, reason: "f", at: 6)
        // Of those that have no warning the highest accuracy, of equals the lower loss.
        let sweep = try await store.sweep(name)
        #expect(sweep.best == "m@4" && sweep.bestJob == 4 && !sweep.promoted && sweep.problem == nil)

        // What is due survives the daemon's end.
        try store.close()
        let reopened = try JobStore(path: scratch["sqzd.db"])
        let due = try #require(try await reopened.duePromotion())
        #expect(due.model.version == 4 && due.sweep.name == name)
        #expect(try await reopened.promoteBest(due) == Meaning(model: "m@4", before: "m@4"))
        #expect(try await reopened.sweep(name).promoted)
        #expect(try await reopened.duePromotion()?.model == nil)

        // One that is tried again may be better.
        _ = try await reopened.putBack(
            last, from: [.failed], reason: "r", at: 7, limits: QueueLimits(jobs: 100, perUser: 50))
        #expect(try await reopened.startNext(at: 8, limits: outlook.limits)?.job.id == last)
        _ = try await reopened.succeed(
            last, Outcome(accuracy: 0.8), making: model(accuracy: 0.8), at: 9)
        let better = try #require(try await reopened.duePromotion())
        #expect(better.model.version == 5)
        _ = try await reopened.removeModels("m@5", all: false, by: 1, at: 10, check: { _, _ in }, remove: { _ in })
        #expect(try await reopened.duePromotion()?.model == nil)
        #expect(try await reopened.sweep(name).problem == "the best model was removed")
    }

    @Test func withoutAModelNothingIsPromoted() async throws {
        let (name, ids) = try await submit([1, 2], promoteBest: true)
        for id in ids { _ = try await store.move(id, to: .cancelled, at: 2) }
        let sweep = try await store.sweep(name)
        #expect(sweep.problem == "no job made a model that has an accuracy and no warning" && sweep.best == nil)
        #expect(try await store.duePromotion()?.model == nil)
        // Nor of one for which nobody asked.
        let other = try await submit([1]).name
        try await succeed(0.5)
        #expect(try await store.sweep(other).problem == nil)
        #expect(try await store.duePromotion()?.model == nil)
    }

    @Test func figuresAreThoseOfTheBestEpoch() async throws {
        let (name, ids) = try await submit([1])
        func member() async throws -> SweepMember { try await store.sweep(name, outlook).members[0] }
        #expect(try await member().accuracy == nil)
        _ = try await store.startNext(at: 2, limits: outlook.limits)
        for (epoch, accuracy, loss) in [(1, 0.5, 0.4), (2, 0.75, 0.9), (3, 0.75, 0.8), (4, 0.25, 0.1)] {
            let progress = Progress(
                epoch: epoch, epochs: 4, step: 1, steps: 1, validationLoss: loss, validationAccuracy: accuracy)
            _ = try await store.recordEpoch(progress, of: ids[0], at: 3)
        }
        let running = try await member()
        #expect(running.epoch == 3 && running.accuracy == 0.75 && running.loss == 0.8)
        #expect(try await store.epochs(of: ids[0], limit: 2).map { $0.progress?.epoch } == [3, 4])
        // One that was cancelled begins anew, and so do its figures.
        _ = try await store.move(ids[0], to: .cancelled, at: 4)
        #expect(try await member().accuracy == 0.75)
        #expect(try await store.epochs(of: ids[0], limit: 9).count == 4)
        _ = try await store.putBack(
            ids[0], from: [.cancelled], reason: "r", at: 5, limits: QueueLimits(jobs: 100, perUser: 50))
        _ = try await store.startNext(at: 6, limits: outlook.limits)
        let progress = Progress(epoch: 1, epochs: 4, step: 1, steps: 1, validationAccuracy: 0.125)
        _ = try await store.recordEpoch(progress, of: ids[0], at: 7)
        #expect(try await member().accuracy == 0.125)
        #expect(try await store.epochs(of: ids[0], limit: 9).count == 1)
        _ = try await store.succeed(ids[0], Outcome(loss: 2, accuracy: 0.5), at: 8)
        let ended = try await member()
        #expect(ended.accuracy == 0.5 && ended.loss == 2 && ended.epoch == nil)
    }

    @Test func groupsAreThoseThatDifferInTheSeedAlone() throws {
        let job = Job(
            id: 1, kind: "train", runner: "r", state: .succeeded, uid: 1, priority: 0, options: [:], after: [],
            submittedAt: 1, starts: 1)
        func member(_ id: Int, _ rate: Double, _ seed: Int64, _ accuracy: Double?) -> SweepMember {
            var job = job
            job.id = id
            return SweepMember(
                job: job, options: ["rate": .number(rate), "seed": .integer(seed)], loss: accuracy, accuracy: accuracy)
        }
        let members = [
            member(1, 0.1, 1, 0.5), member(2, 0.1, 2, 0.75), member(3, 0.1, 3, 1), member(4, 0.2, 1, 0.25),
            member(5, 0.2, 2, nil), member(6, 0.2, 3, nil),
        ]
        let groups = SweepGroup.all(of: members, repeated: "seed")
        #expect(groups.map(\.jobs) == [[1, 2, 3], [4, 5, 6]] && groups.map(\.measured) == [3, 1])
        #expect(groups.map(\.options) == [["rate": .number(0.1)], ["rate": .number(0.2)]])
        #expect(groups.map(\.accuracy) == [0.75, 0.25] && groups.map(\.accuracySpread) == [0.25, nil])
        #expect(SweepGroup.all(of: members, repeated: nil).count == 6)
    }
}
