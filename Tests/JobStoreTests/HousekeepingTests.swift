import JobStore
import SqzProtocol
import TestSupport
import Testing

/// What is removed of the records: by users, by what is kept, and piece by piece.
@Suite struct HousekeepingTests {
    private let scratch: ScratchDirectory
    private let store: JobStore
    private static let day = 86_400_000_000

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private let outlook = Outlook(now: 1, limits: RunningLimits(jobs: 64, perUser: 64))
    private let limits = QueueLimits(jobs: 1_000, perUser: 1_000)

    private func submit(_ kind: String = "train", uid: Int = 1, after: [Int] = []) async throws -> Int {
        try await store.submit(
            Submission(
                kind: kind, runner: "squeezenet", uid: uid,
                after: after.map { Dependency(job: $0, condition: .any) }), at: 1, limits: limits
        ).job.id
    }

    private func ended(uid: Int = 1, at time: Int, as state: State = .cancelled) async throws -> Int {
        let id = try await submit(uid: uid)
        _ = try await store.move(id, to: state, at: time)
        return id
    }

    /// One that ran and has predictions.
    private func predicted(_ count: Int, uid: Int = 1, at time: Int) async throws -> Int {
        let id = try await submit("predict", uid: uid)
        #expect(try await store.startNext(at: time - 1)?.job.id == id)
        let classes = [ClassProbability(index: 0, name: "cat", probability: 1)]
        try await store.add(
            try (0..<count).map { try WrittenPrediction(Prediction(picture: $0, classes: classes)) }, to: id)
        try await store.keep(checkpoints: 0, log: 100, of: id)
        _ = try await store.succeed(id, Outcome(), at: time)
        return id
    }

    private func ids() async throws -> [Int] {
        try await store.jobs(JobFilter(), limit: 1_000, outlook).jobs.map(\.id).sorted()
    }

    private func clear() async throws -> Int {
        var pieces = 1
        while try await store.clearLeftovers(rows: 1_000) { pieces += 1 }
        return pieces
    }

    @Test func onlyWhatHasEndedAndNobodyNeedsIsRemoved() async throws {
        let first = try await submit()
        let second = try await submit(after: [first])
        await #expect(throws: SqzError.wrongState(id: first, state: .queued)) { try await store.remove(first) }
        await #expect(throws: SqzError.noSuchJob(id: 99)) { try await store.remove(99) }
        _ = try await store.move(first, to: .cancelled, at: 2)
        await #expect(throws: SqzError.jobInUse(id: first, jobs: [second])) { try await store.remove(first) }
        _ = try await store.move(second, to: .cancelled, at: 3)
        try await store.remove(first)
        await #expect(throws: SqzError.noSuchJob(id: first)) { try await store.job(first) }
        await #expect(throws: SqzError.noSuchJob(id: first)) { try await store.remove(first) }
        #expect(try await ids() == [second])
        #expect(try await store.counts().cancelled == 1)
        #expect(try await store.known([first, second]) == [second])
        // Whoever ran after it still says so, and can't be retried.
        #expect(try await store.job(second).after.map(\.job) == [first])
        await #expect(throws: SqzError.noSuchJob(id: first)) {
            try await store.putBack(second, from: [.cancelled], reason: "", at: 4, limits: limits)
        }
        // No id is used again, even when nothing of it is left.
        #expect(try await clear() == 1)
        try await store.remove(second)
        _ = try await clear()
        while try await store.forgetRemoved(at: 5, limit: 1).count > 0 {}
        #expect(try await submit() == second + 1)
    }

    @Test func whatRanCountsInItsUsersShareForADay() async throws {
        let heavy = try await submit(uid: 1)
        #expect(try await store.startNext(at: 10)?.job.id == heavy)
        _ = try await store.move(heavy, to: .cancelled, at: 1_000_010)
        try await store.remove(heavy)
        _ = try await clear()
        let last = 1_000_010 + Self.day
        let forgotten = try await store.forgetRemoved(at: last - 1, limit: 10)
        #expect(forgotten.count == 0 && forgotten.next == last)
        let mine = try await submit(uid: 1)
        let others = try await submit(uid: 2)
        #expect(try await store.startNext(at: 1_000_020)?.job.id == others)
        #expect(try await store.startNext(at: 1_000_020)?.job.id == mine)
        let then = try await store.forgetRemoved(at: last, limit: 10)
        #expect(then.count == 1 && then.next == nil)
    }

    @Test func aSweepGoesWithItsLastJob() async throws {
        let members = (0..<2).map { _ in Submission(kind: "train", runner: "squeezenet", uid: 1) }
        let (name, changes) = try await store.submit(SweepSubmission(members: members), at: 1, limits: limits)
        let ids = changes.map(\.job.id)
        _ = try await store.move(ids[0], to: .cancelled, at: 2)
        await #expect(throws: SqzError.jobInUse(id: ids[0], jobs: [ids[1]], sweep: name)) {
            try await store.remove(ids[0])
        }
        _ = try await store.move(ids[1], to: .cancelled, at: 2)
        try await store.remove(ids[0])
        #expect(try await store.sweep(name, outlook).members.map(\.job.id) == [ids[1]])
        try await store.remove(ids[1])
        await #expect(throws: SqzError.noSuchSweep(name: name, known: [])) { try await store.sweep(name) }
    }

    @Test func aModelStaysWithoutItsJob() async throws {
        let id = try await submit()
        _ = try await store.startNext(at: 2)
        let model = NewModel(
            name: "m", sha256: "1", size: 1, runner: "squeezenet", made: .sample, publisher: .user())
        _ = try await store.succeed(id, Outcome(), making: model, at: 3)
        #expect(try await store.model("m").model.job == id)
        try await store.remove(id)
        #expect(try await store.model("m@1").model.job == nil)
    }

    @Test func predictionsGoInPiecesAndAreNotSeenFromTheFirstOn() async throws {
        let id = try await predicted(2_500, at: 5)
        let bytes = try #require(try await store.prunable(.predictions, of: 1, before: nil).first?.bytes)
        #expect(bytes > 2_500 * 40)
        #expect(try await store.prunable(.predictions, of: 2, before: nil) == [])
        // They go with the job.
        #expect(try await store.prunable(.predictions, of: 1, before: nil, isAfterJobs: true) == [])
        #expect(try await store.prunable(.predictions, of: nil, before: 5) == [])
        let pruned = try await store.prune(.predictions, of: 1, before: 6, at: 7, limit: 10) { _ in }
        #expect(pruned.map(\.id) == [id] && pruned.map(\.bytes) == [bytes])
        #expect(try await store.job(id).predictionsRemovedAt == 7)
        #expect(try await store.diskParts().map(\.what) == [.logs])
        #expect(try await store.predictions(of: id, from: 0, limit: 1).last != nil)
        #expect(try await clear() == 3)
        #expect(try await store.predictions(of: id, from: 0, limit: 1).last == nil)
        // The job itself, its events and its log stay.
        #expect(try await store.events(of: id).count == 3)
    }

    @Test func asMuchIsKeptOfEachUserAsIsSaid() async throws {
        var mine: [Int] = []
        for time in [10, 20, 20, 30] { mine.append(try await ended(at: time)) }
        let others = try await ended(uid: 2, at: 1)
        let waiting = try await submit(after: [mine[0]])
        func retire(count: Int = 0, days: Int = 0, at time: Int = 100) async throws -> [Int] {
            let retention = Retention(jobs: .init(count: count, days: days), predictions: .init())
            return try await store.retire(retention, at: time, limit: 10).jobs
        }
        #expect(try await retire() == [])
        // The oldest is needed.
        #expect(try await retire(count: 2) == [mine[1]])
        #expect(try await retire(count: 2) == [])
        let days = Retention(jobs: .init(days: 1), predictions: .init())
        #expect(try await store.nextRetirement(days) == 1 + Self.day)
        #expect(try await retire(days: 1, at: 19 + Self.day) == [others])
        #expect(try await retire(days: 1, at: 20 + Self.day) == [mine[2]])
        #expect(try await store.nextRetirement(days) == 30 + Self.day)
        #expect(try await ids() == [mine[0], mine[3], waiting])
        #expect(try await store.nextRetirement(Retention(jobs: .init(count: 1), predictions: .init())) == nil)
    }

    @Test func predictionsAreKeptOfSoManyJobs() async throws {
        var ids: [Int] = []
        for time in [10, 20, 30] { ids.append(try await predicted(2, at: time)) }
        let retention = Retention(jobs: .init(), predictions: .init(count: 1, days: 1))
        let retired = try await store.retire(retention, at: 40, limit: 10)
        #expect(retired.jobs == [] && retired.predictions == 2)
        #expect(try await store.nextRetirement(retention) == 30 + Self.day)
        #expect(try await store.job(ids[2]).predictionsRemovedAt == nil)
        #expect(try await store.retire(retention, at: 31 + Self.day, limit: 10).predictions == 1)
        #expect(try await self.ids() == ids)
    }

    @Test func aFailedJobsCheckpointsStayWhileItCanBeRetried() async throws {
        let id = try await store.submit(
            Submission(kind: "train", runner: "squeezenet", uid: 1, base: "m@1"), at: 1, limits: limits
        ).job.id
        let plain = try await submit()
        for _ in 0..<2 { _ = try await store.startNext(at: 2, limits: RunningLimits(jobs: 2, perUser: 2)) }
        for job in [id, plain] {
            try await store.keep(checkpoints: 50, log: 0, of: job)
            _ = try await store.move(job, to: .failed, at: 3)
        }
        // There is no m@1, and never will be again.
        #expect(try await store.dropUselessCheckpoints { _ in } == [id])
        #expect(try await store.dropUselessCheckpoints { _ in } == [])
        #expect(try await store.prunable(.checkpoints, of: nil, before: nil).map(\.bytes) == [50])
        #expect(try await store.prune(.checkpoints, of: 1, before: nil, at: 4, limit: 5) { _ in }.map(\.id) == [plain])
        #expect(try await store.prunable(.checkpoints, of: nil, before: nil) == [])
    }

    @Test func aCopyIsOfOneMoment() async throws {
        for time in 1..<50 { _ = try await ended(at: time) }
        let before = try await ids()
        let path = scratch["copy.db"]
        let store = store
        async let copied: Void = Task.detached {
            try store.copy(to: path) { _ in }
        }.value
        for time in 50..<80 { _ = try await ended(at: time) }
        try await copied
        let copy = try JobStore(path: path)
        #expect(copy.condition == .closed)
        let found = try await copy.jobs(JobFilter(), limit: 1_000, outlook).jobs.map(\.id).sorted()
        #expect(found.starts(with: before) && found == Array(1...found.count))
        // What was written meanwhile went on in the original.
        #expect(try await ids().count == 79)
        try copy.close()
    }
}
