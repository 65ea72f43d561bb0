import JobStore
import SqzProtocol
import TestSupport
import Testing

/// What jobs wait for beside their turn: a retry, their submitter, the clock.
@Suite struct WaitingTests {
    private let scratch: ScratchDirectory
    private let store: JobStore
    private let limits = QueueLimits(jobs: 100, perUser: 100)
    private let second = 1_000_000

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private func submit(
        uid: Int = 1, after: [Dependency] = [], isHeld: Bool = false, timeLimit: Int? = nil, deadline: Int? = nil
    ) async throws -> Int {
        let submission = Submission(
            kind: "train", runner: "r", uid: uid, after: after, isHeld: isHeld, timeLimit: timeLimit,
            deadline: deadline)
        return try await store.submit(submission, at: 1, limits: limits).job.id
    }

    private func crash(_ job: Job, reached: Progress? = nil, at time: Int) async throws -> Job {
        try await store.crash(
            job.id, cause: "it was killed", from: job.progress, reached: reached,
            RetryPolicy(retries: 3, delay: 10 * second), at: time)[0].job
    }

    private func start(_ id: Int, at time: Int) async throws -> Job {
        let job = try #require(try await store.startNext(at: time)).job
        #expect(job.id == id)
        return job
    }

    @Test func aJobThatCrashesAndComesNoFurtherIsTriedThreeTimesMoreEachAfterALongerWhile() async throws {
        let id = try await submit()
        var now = 100 * second
        for (retry, delay) in [(1, 10), (2, 40), (3, 160)] {
            let crashed = try await crash(try await start(id, at: now), at: now)
            #expect(crashed.state == .queued)
            #expect(
                crashed.reason
                    == "it was killed; it is tried again at \(Timestamp.text(now + delay * second)), retry \(retry) of 3"
            )
            #expect(try await store.agenda(at: now) == Agenda(expired: [], next: now + delay * second))
            #expect(try await store.startNext(at: now + delay * second - 1)?.job == nil)
            now += delay * second
        }
        let job = try await crash(try await start(id, at: now), at: now)
        #expect(job.state == .failed && job.starts == 4)
        #expect(job.reason == "it was killed, 4 times in a row without getting further")
        #expect(try await store.agenda(at: now) == Agenda(expired: [], next: nil))
        // Somebody has it tried again: that is a new beginning.
        _ = try await store.putBack(id, from: [.failed], reason: "retried", at: now, limits: limits)
        #expect(try await crash(try await start(id, at: now), at: now).reason?.contains("retry 1 of 3") == true)
    }

    @Test func aCrashAfterProgressIsTheFirstOfItsRow() async throws {
        let id = try await submit()
        for step in 1...5 {
            let progress = Progress(epoch: 1, epochs: 1, step: step, steps: 9)
            let now = step * 100 * second
            let job = try await crash(try await start(id, at: now), reached: progress, at: now)
            #expect(job.reason?.contains("retry 1 of 3") == true, "\(job.reason ?? "")")
            #expect(job.progress == progress)
        }
        // The same again is none.
        let again = try await start(id, at: 900 * second)
        let reached = Progress(epoch: 1, epochs: 1, step: 5, steps: 9)
        #expect(try await crash(again, reached: reached, at: 900 * second).reason?.contains("retry 2 of 3") == true)
    }

    @Test func aRetryIsDueAlsoAfterTheDaemonWasRestarted() async throws {
        let id = try await submit()
        _ = try await crash(try await start(id, at: second), at: second)
        try store.close()
        let reopened = try JobStore(path: scratch["sqzd.db"])
        #expect(try await reopened.requeueRunning(reason: "x", at: 2 * second).isEmpty)
        #expect(try await reopened.agenda(at: 2 * second).next == 11 * second)
        #expect(try await reopened.startNext(at: 2 * second)?.job == nil)
        #expect(try await reopened.startNext(at: 11 * second)?.job.id == id)
    }

    @Test func aHeldJobWaitsUntilItIsResumedAndThenForTheOthers() async throws {
        let first = try await submit()
        let held = try await submit(after: [Dependency(job: first, condition: .success)], isHeld: true)
        let job = try await store.job(held)
        #expect(job.state == .paused && job.reason == "held until it is resumed")
        #expect(try await store.events(of: held).map(\.state) == [.paused])
        let changes = try await store.putBack(held, from: [.paused], reason: "resumed", at: 2, limits: limits)
        #expect(changes.map(\.before) == [.paused])
        #expect(try await store.startNext(at: 2)?.job.id == first)
        #expect(try await store.startNext(at: 2)?.job == nil)
        _ = try await store.succeed(first, Outcome(), at: 3)
        #expect(try await store.startNext(at: 3)?.job.id == held)
    }

    @Test func aJobGoesOnWithOtherRanksOrNotAtAll() async throws {
        let four = Launch(ranks: 4, launcher: "mpirun")
        let submission = Submission(kind: "train", runner: "r", uid: 1, isHeld: true, launch: four)
        let id = try await store.submit(submission, at: 1, limits: limits).job.id
        func launch() async throws -> Launch? {
            let job = try await store.job(id)
            return try job.ranks.map { Launch(ranks: $0, launcher: try #require(job.launcher)) }
        }
        #expect(try await launch() == four)
        func resume(_ change: LaunchChange, from state: State = .paused) async throws -> Job {
            let changes = try await store.putBack(id, from: [state], change, reason: "x", at: 2, limits: limits)
            return try #require(changes.first?.job)
        }
        #expect(try await resume(.unchanged).ranks == 4)
        // It waits already, and nothing of it changes.
        await #expect(throws: SqzError.wrongState(id: id, state: .queued)) { try await resume(.to(nil)) }
        #expect(try await launch() == four)
        for other in [Launch(ranks: 2, launcher: "cluster"), nil] {
            _ = try await store.move(id, to: .paused, at: 3)
            #expect(try await resume(.to(other)).launcher == other?.launcher)
            #expect(try await launch() == other)
        }
    }

    @Test func aHeldJobWhoseCaseCannotComeIsCancelled() async throws {
        let first = try await submit()
        let held = try await submit(after: [Dependency(job: first, condition: .success)], isHeld: true)
        _ = try await store.move(first, to: .cancelled, at: 2)
        #expect(try await store.job(held).state == .cancelled)
    }

    @Test func heldJobsCountAgainstTheLimitsAndRetriedOnesToo() async throws {
        let narrow = QueueLimits(jobs: 3, perUser: 2)
        func submit(isHeld: Bool) async throws -> Int {
            try await store.submit(
                Submission(kind: "train", runner: "r", uid: 1, isHeld: isHeld), at: 1, limits: narrow
            ).job.id
        }
        let ended = try await submit(isHeld: false)
        _ = try await store.move(ended, to: .cancelled, at: 2)
        let held = try await submit(isHeld: true)
        _ = try await submit(isHeld: false)
        let full = SqzError.queueFull(limit: 2, queued: 2, uid: 1)
        await #expect(throws: full) { try await submit(isHeld: true) }
        await #expect(throws: full) {
            try await store.putBack(ended, from: [.cancelled], reason: "x", at: 3, limits: narrow)
        }
        _ = try await store.putBack(held, from: [.paused], reason: "x", at: 3, limits: narrow)
    }

    @Test func aDeadlineIsMetByJobsThatWaitAndThatRun() async throws {
        let paused = try await submit(isHeld: true, deadline: 30 * second)
        let running = try await submit(deadline: 20 * second)
        let queued = try await submit(deadline: 10 * second)
        _ = try await start(running, at: 2)
        #expect(try await store.agenda(at: 2) == Agenda(expired: [], next: 10 * second))
        let agenda = try await store.agenda(at: 20 * second)
        #expect(agenda.expired.map(\.id) == [running, queued] && agenda.next == 30 * second)
        #expect(agenda.expired[1].reason == "its deadline, 1970-01-01 00:00:10 UTC, has passed")
        // One that nobody has ended yet does not start any more.
        #expect(try await store.startNext(at: 10 * second)?.job == nil)
        // One that is told to stop has no times any more.
        #expect(try await store.intend(running, to: .failed, reason: "x"))
        _ = try await store.move(queued, to: .failed, reason: "x", at: 20 * second)
        #expect(try await store.agenda(at: 20 * second) == Agenda(expired: [], next: 30 * second))
        #expect(try await store.agenda(at: 30 * second).expired.map(\.id) == [paused])
        _ = try await store.move(paused, to: .failed, reason: "x", at: 30 * second)
    }

    @Test func aTimeLimitIsForAllRunsOfAJobAndAllOfItForARetry() async throws {
        let id = try await submit(timeLimit: 10)
        _ = try await start(id, at: 100 * second)
        #expect(try await store.agenda(at: 100 * second).next == 110 * second)
        _ = try await store.move(id, to: .queued, reason: "interrupted", at: 104 * second)
        #expect(try await store.agenda(at: 104 * second) == Agenda(expired: [], next: nil))
        _ = try await start(id, at: 200 * second)
        #expect(try await store.agenda(at: 200 * second).next == 206 * second)
        let over = try await store.agenda(at: 206 * second)
        #expect(over.expired == [Agenda.Expiry(id: id, reason: "it ran for its time limit of 10 s")])
        _ = try await store.move(id, to: .failed, reason: "x", at: 206 * second)
        _ = try await store.putBack(id, from: [.failed], reason: "x", at: 300 * second, limits: limits)
        _ = try await start(id, at: 300 * second)
        #expect(try await store.agenda(at: 300 * second).next == 310 * second)
    }

    @Test func theTimeThatADaemonWasAwayIsNotRunningTime() async throws {
        let id = try await submit(timeLimit: 10)
        _ = try await start(id, at: 100 * second)
        _ = try await store.recordEpoch(Progress(epoch: 1, epochs: 3, step: 1, steps: 1), of: id, at: 103 * second)
        _ = try await store.requeueRunning(reason: "the daemon was interrupted", at: 4_000 * second)
        _ = try await start(id, at: 4_000 * second)
        #expect(try await store.agenda(at: 4_000 * second).next == 4_007 * second)
    }

    @Test func whatCouldNeverRunIsNotRetried() async throws {
        let first = try await submit()
        let second = try await submit(after: [Dependency(job: first, condition: .success)])
        _ = try await start(first, at: 2)
        _ = try await store.move(first, to: .failed, reason: "x", at: 3)
        func retry(_ id: Int, at time: Int) async throws -> Job {
            try await store.putBack(id, from: [.failed, .cancelled], reason: "retried", at: time, limits: limits)[0].job
        }
        await #expect(
            throws: SqzError.invalidOption(
                option: "after", reason: "job \(first) has failed already, so this one would never run")
        ) { try await retry(second, at: 4) }
        #expect(try await store.job(second).state == .cancelled)
        // Once the other is tried again, it may wait for it.
        #expect(try await retry(first, at: 5).state == .queued)
        #expect(try await retry(second, at: 6).state == .queued)

        let late = try await submit(deadline: 10 * self.second)
        _ = try await store.move(late, to: .cancelled, at: 7)
        #expect(try await retry(late, at: 8).state == .queued)
        _ = try await store.move(late, to: .cancelled, at: 9)
        await #expect(
            throws: SqzError.invalidOption(
                option: "deadline",
                reason: """
                    that of job \(late), \(Timestamp.text(10 * self.second)), has passed; give it another one, or none: \
                    sqzctl limit \(late) --deadline none
                    """)
        ) { try await retry(late, at: 10 * self.second) }
        #expect(try await store.job(late).state == .cancelled)
    }
}
