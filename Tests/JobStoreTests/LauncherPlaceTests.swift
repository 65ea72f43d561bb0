import JobStore
import SqzProtocol
import TestSupport
import Testing

/// Jobs of launchers that have places of their own, and such as wait for machines elsewhere.
@Suite struct LauncherPlaceTests {
    private let scratch: ScratchDirectory
    private let store: JobStore
    private let second = 1_000_000
    private let limits = RunningLimits(jobs: 1, perUser: 1, launchers: ["slurm": 2])

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private func submit(_ launcher: String? = nil, priority: Int = 0, timeLimit: Int? = nil) async throws -> Int {
        try await store.submit(
            Submission(
                kind: "train", runner: "r", uid: 1, priority: priority, timeLimit: timeLimit,
                launch: launcher.map { Launch(ranks: 1, launcher: $0) }), at: 1,
            limits: QueueLimits(jobs: 100, perUser: 100)
        ).job.id
    }

    private func startAll(at time: Int, busy: Set<Int> = []) async throws -> Set<Int> {
        var started: Set<Int> = []
        while let next = try await store.startNext(at: time, limits: limits, busy: busy) { started.insert(next.job.id) }
        return started
    }

    @Test func theyTakeNothingOfThisMachine() async throws {
        var remote: [Int] = []
        for _ in 0..<3 { remote.append(try await submit("slurm")) }
        // A launcher without places of its own takes this machine's.
        let here = [try await submit("mpirun"), try await submit()]
        #expect(try await startAll(at: 2) == [remote[0], remote[1], here[0]])
        let outlook = Outlook(now: 3, limits: limits)
        #expect(try await store.job(remote[2], outlook).reason == "waits for its turn")
        #expect(try await store.job(here[1], outlook).reason?.contains("the limit for each user") == true)
        _ = try await store.succeed(remote[0], Outcome(), at: 4)
        // What is still being put away has its place.
        #expect(try await startAll(at: 5, busy: [remote[0]]).isEmpty)
        #expect(try await startAll(at: 5) == [remote[2]])
        _ = try await store.succeed(here[0], Outcome(), at: 6)
        #expect(try await startAll(at: 7) == [here[1]])
    }

    @Test func nobodyMakesRoomForThem() async throws {
        let limits = RunningLimits(jobs: 1, perUser: 64, launchers: ["slurm": 2])
        let (here, first, second) = (try await submit(), try await submit("slurm"), try await submit("slurm"))
        #expect(try await startAll(at: 2) == [here, first, second])
        let urgent = try await submit("slurm", priority: 9)
        #expect(try await store.preemption(at: 3, limits: limits) == nil)
        // And they make room for nobody.
        let other = try await submit(priority: 5)
        let pair = try #require(try await store.preemption(at: 3, limits: limits))
        #expect(pair == (here, other) && urgent > 0)
    }

    /// Fewer places than jobs that run are none for others.
    @Test func aLauncherThatIsNotSetAnyMoreHasThisMachinesPlaces() async throws {
        let job = try await submit("slurm")
        #expect(try await startAll(at: 2) == [job])
        let other = try await submit()
        let without = RunningLimits(jobs: 1, perUser: 64)
        #expect(try await store.startNext(at: 3, limits: without)?.job.id == nil)
        _ = try await store.succeed(job, Outcome(), at: 4)
        #expect(try await store.startNext(at: 5, limits: without)?.job.id == other)
    }

    @Test func timeStandsStillWhileAJobWaitsElsewhere() async throws {
        let id = try await submit("slurm", timeLimit: 10)
        #expect(try await startAll(at: 100 * second) == [id])
        #expect(try await store.agenda(at: 100 * second).next == 110 * second)
        try await store.waits(id, true, at: 102 * second)
        #expect(try await store.agenda(at: 900 * second) == Agenda(expired: [], next: nil))
        // Told twice, it waits since the first time.
        try await store.waits(id, true, at: 500 * second)
        try await store.waits(id, false, at: 1_000 * second)
        #expect(try await store.agenda(at: 1_000 * second).next == 1_008 * second)
        try await store.waits(id, true, at: 1_003 * second)
        // What it has waited is no part of what it has run, whatever becomes of it.
        _ = try await store.move(id, to: .queued, at: 2_000 * second)
        #expect(try await startAll(at: 3_000 * second) == [id])
        #expect(try await store.agenda(at: 3_000 * second).next == 3_005 * second)
        #expect(try await store.agenda(at: 3_005 * second).expired.map(\.id) == [id])
    }
}
