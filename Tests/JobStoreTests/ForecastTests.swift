import JobStore
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Who is told to run when, and who does.
@Suite struct ForecastTests {
    private let scratch: ScratchDirectory
    private let store: JobStore
    private let second = 1_000_000

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private func submit(
        uid: Int, kind: String = "train", priority: Int = 0, after: [Dependency] = [], options: Int = 0
    ) async throws -> Int {
        try await store.submit(
            Submission(
                kind: kind, runner: "r", uid: uid, priority: priority, options: ["epochs": .integer(Int64(options))],
                after: after), at: 1, limits: QueueLimits(jobs: 100, perUser: 100)
        ).job.id
    }

    /// Has a job run and succeed.
    private func run(_ id: Int, from start: Int, for seconds: Int) async throws {
        #expect(try await store.startNext(at: start)?.job.id == id)
        _ = try await store.succeed(id, Outcome(), at: start + seconds * second)
    }

    private func outlook(at now: Int, jobs: Int = 1, perUser: Int = 64, ends: [Int: Int] = [:]) -> Outlook {
        Outlook(now: now, limits: RunningLimits(jobs: jobs, perUser: perUser), ends: ends)
    }

    @Test func aUsersManyJobsDoNotKeepAnotherWaitingForAllOfThem() async throws {
        try await run(try await submit(uid: 1), from: second, for: 10)
        var jobs: [Int: [Int]] = [:]
        for uid in [1, 2] {
            for _ in 0..<3 { jobs[uid, default: []].append(try await submit(uid: uid)) }
        }
        let now = 100 * second
        let (mine, theirs) = (try #require(jobs[1]), try #require(jobs[2]))
        let order = [theirs[0], mine[0], theirs[1], mine[1], theirs[2], mine[2]]
        let told = try await store.waitingJobs(limit: 10, outlook(at: now))
        #expect(told.map(\.id) == order)
        #expect(told.map(\.position) == [1, 2, 3, 4, 5, 6])
        // Each takes what the one before of this kind took.
        #expect(told.map(\.expectedStart) == (0..<6).map { now + $0 * 10 * second })
        #expect(told.map(\.expectedEnd) == (1...6).map { now + $0 * 10 * second })
        // And so it comes.
        for (place, id) in order.enumerated() { try await run(id, from: now + place * 10 * second, for: 10) }
    }

    @Test func whatNobodyKnowsIsNotTold() async throws {
        try await run(try await submit(uid: 1), from: second, for: 10)
        let known = try await submit(uid: 1)
        let unknown = try await submit(uid: 1, kind: "strange")
        let last = try await submit(uid: 1)
        let now = 100 * second
        let told = try await store.jobs(in: [.queued], limit: 10, outlook(at: now)).reversed()
        #expect(told.map(\.id) == [known, unknown, last])
        #expect(told.map(\.position) == [1, 2, 3])
        #expect(told.map(\.expectedStart) == [now, now + 10 * second, nil])
        #expect(told.map(\.expectedEnd) == [now + 10 * second, nil, nil])
        // Nor is anything while one runs of which nobody knows when it ends.
        _ = try await store.move(unknown, to: .running, at: now)
        #expect(try await store.job(unknown, outlook(at: now)).expectedEnd == nil)
        #expect(try await store.job(known, outlook(at: now)).expectedStart == nil)
        // It says so itself.
        let told2 = outlook(at: now, ends: [unknown: now + 7])
        #expect(try await store.job(unknown, told2).expectedEnd == now + 7)
        #expect(try await store.job(known, told2).expectedStart == now + 7)
        // What should have ended long ago is unknown again.
        #expect(try await store.job(known, outlook(at: now + 8, ends: [unknown: now + 7])).expectedStart == nil)
    }

    @Test func jobsWithTheSameOptionsTellMoreThanOthers() async throws {
        try await run(try await submit(uid: 1, options: 1), from: second, for: 10)
        try await run(try await submit(uid: 1, options: 2), from: 20 * second, for: 20)
        let now = 100 * second
        let id = try await submit(uid: 1, options: 1)
        #expect(try await store.job(id, outlook(at: now)).expectedEnd == now + 10 * second)
        // One that was interrupted has the rest of it left.
        _ = try await store.startNext(at: now)
        _ = try await store.move(id, to: .queued, reason: "interrupted", at: now + 4 * second)
        let job = try await store.job(id, outlook(at: now + 5 * second))
        #expect(job.expectedEnd == now + 11 * second && job.reason == "interrupted")
    }

    @Test func optionsAreTheSameInWhateverOrderTheyCome() async throws {
        func submit(_ capacity: Int) async throws -> Int {
            var options = [String: JSONValue](minimumCapacity: capacity)
            for name in 0..<20 { options["option\(name)"] = .integer(Int64(name)) }
            return try await store.submit(
                Submission(kind: "train", runner: "r", uid: 1, options: options), at: 1,
                limits: QueueLimits(jobs: 100, perUser: 100)
            ).job.id
        }
        try await run(try await submit(0), from: second, for: 10)
        let id = try await submit(10_000)
        #expect(try await store.job(id, outlook(at: 100 * second)).expectedEnd == 110 * second)
        #expect(try await store.job(id).options.count == 20)
    }

    @Test func epochsAndPicturesTellHowLongAJobTakesThatIsLikeNone() async throws {
        func add(_ name: String, _ pictures: Int) async throws {
            let imported = Imported(
                format: "idx", train: pictures - 10, test: 10, classes: ["a"], height: 32, width: 32)
            _ = try await store.addDataset(name, imported, sha256: name, size: 1, by: .user(), at: 1) {}
        }
        for (name, pictures) in [("small", 100), ("large", 300)] { try await add(name, pictures) }
        func submit(_ dataset: String?, epochs: Int?, seed: Int = 0) async throws -> Int {
            var options: [String: JSONValue] = ["seed": .integer(Int64(seed))]
            if let epochs { options["epochs"] = .integer(Int64(epochs)) }
            return try await store.submit(
                Submission(kind: "train", runner: "r", uid: 1, options: options, dataset: dataset),
                at: 1, limits: QueueLimits(jobs: 100, perUser: 100)
            ).job.id
        }
        func expectEnd(_ id: Int, after seconds: Int?, at location: SourceLocation = #_sourceLocation) async throws {
            let end = try await store.job(id, outlook(at: 100 * second)).expectedEnd
            #expect(end == seconds.map { (100 + $0) * second }, sourceLocation: location)
            _ = try await store.move(id, to: .cancelled, at: 100 * second)
        }
        try await run(try await submit("small", epochs: 1), from: second, for: 2)
        try await expectEnd(try await submit("small", epochs: 60), after: 120)
        try await expectEnd(try await submit("large", epochs: 10), after: 60)
        // Nobody has told how many epochs a job has that does not say it.
        try await expectEnd(try await submit("small", epochs: nil, seed: 1), after: nil)
        try await expectEnd(try await submit(nil, epochs: 3), after: nil)
        let plain = try await submit("small", epochs: nil)
        #expect(try await store.startNext(at: 10 * second)?.job.id == plain)
        _ = try await store.recordEpoch(Progress(epoch: 20, epochs: 20, step: 1, steps: 1), of: plain, at: 11 * second)
        _ = try await store.succeed(plain, Outcome(), at: 50 * second)
        try await expectEnd(try await submit("large", epochs: nil, seed: 1), after: 120)
        try await expectEnd(try await submit("small", epochs: nil), after: 40)
    }

    @Test func aUserHasSoManyJobsRunningAndOthersHaveRoom() async throws {
        let limits = RunningLimits(jobs: 3, perUser: 2)
        var mine: [Int] = []
        for _ in 0..<3 { mine.append(try await submit(uid: 1)) }
        let theirs = try await submit(uid: 2)
        var started: [Int] = []
        for time in 2...4 { started.append(try #require(try await store.startNext(at: time, limits: limits)).job.id) }
        #expect(Set(started) == [mine[0], mine[1], theirs])
        #expect(try await store.startNext(at: 5, limits: limits)?.job == nil)
        let third = try await submit(uid: 2)
        let outlook = Outlook(now: 5, limits: limits)
        #expect(
            try await store.job(mine[2], outlook).reason
                == "waits because uid 1 already runs 2, the limit for each user")
        #expect(try await store.job(third, outlook).reason == "waits for its turn")
        _ = try await store.succeed(theirs, Outcome(), at: 6)
        #expect(try await store.startNext(at: 7, limits: limits)?.job.id == third)
        #expect(try await store.startNext(at: 7, limits: limits)?.job == nil)
        _ = try await store.succeed(mine[0], Outcome(), at: 8)
        #expect(try await store.startNext(at: 9, limits: limits)?.job.id == mine[2])
    }

    @Test func aJobThatWaitsForAnotherHasAPlaceAfterIt() async throws {
        try await run(try await submit(uid: 1), from: second, for: 10)
        let first = try await submit(uid: 1)
        let after = try await submit(uid: 1, priority: 50, after: [Dependency(job: first, condition: .success)])
        let other = try await submit(uid: 1)
        let never = try await submit(uid: 1, priority: 99, after: [Dependency(job: first, condition: .failure)])
        let now = 100 * second
        let told = try await store.waitingJobs(limit: 10, outlook(at: now))
        #expect(told.map(\.id) == [first, after, other, never])
        #expect(told.map(\.expectedStart) == [now, now + 10 * second, now + 20 * second, nil])
        #expect(told[1].reason == "waits for job \(first)" && told[3].reason == "waits for job \(first)")
    }

    @Test func aJobThatIsToBeTriedAgainHasItsPlaceThen() async throws {
        try await run(try await submit(uid: 1), from: second, for: 10)
        let crashed = try await submit(uid: 1)
        let others = [try await submit(uid: 1), try await submit(uid: 1)]
        let now = 100 * second
        let job = try #require(try await store.startNext(at: now)).job
        _ = try await store.crash(
            crashed, cause: "it was killed", from: job.progress, reached: nil,
            RetryPolicy(retries: 3, delay: 5 * second), at: now)
        let told = try await store.waitingJobs(limit: 10, outlook(at: now))
        #expect(told.map(\.id) == [others[0], crashed, others[1]])
        #expect(told[1].reason?.hasPrefix("it was killed; it is tried again at") == true)
        #expect(told.map(\.expectedStart) == [now, now + 10 * second, now + 20 * second])
    }
}
