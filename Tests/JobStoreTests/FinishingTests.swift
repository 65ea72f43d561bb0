import JobStore
import SqzProtocol
import TestSupport
import Testing

/// Jobs that are told to finish.
@Suite struct FinishingTests {
    private let scratch: ScratchDirectory
    private let store: JobStore
    private let limits = QueueLimits(jobs: 100, perUser: 100)
    private let second = 1_000_000

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private func submit(timeLimit: Int? = nil, deadline: Int? = nil, keepsPartial: Bool = false) async throws -> Int {
        try await store.submit(
            Submission(
                kind: "train", runner: "r", uid: 1, timeLimit: timeLimit, deadline: deadline,
                keepsPartial: keepsPartial), at: 1, limits: limits
        ).job.id
    }

    /// Whatever happens to it before it ends, and no deadline or limit ends it.
    @Test func itStaysSoUntilItHasEnded() async throws {
        let id = try await submit(timeLimit: 5, deadline: 200 * second)
        #expect(try await store.startNext(at: 100 * second)?.job.id == id)
        #expect(try await store.agenda(at: 100 * second).next == 105 * second)
        let told = try await store.finish(id, Finish(.succeeded, reason: "x"), at: 101 * second, limits: limits)
        #expect(told?.before.state == .running && told?.changes.isEmpty == true)
        #expect(try await store.job(id).finishing == true)
        #expect(try await store.agenda(at: 300 * second) == Agenda(expired: [], next: nil))
        _ = try await store.requeueRunning(reason: "the daemon ended", at: 102 * second)
        #expect(try await store.startNext(at: 110 * second)?.job.finishing == true)
        #expect(try await store.finish(of: id) == Finish(.succeeded, reason: "x"))
        let end = try await store.succeed(id, Outcome(), as: store.finish(of: id), at: 111 * second)
        #expect(end[0].job.state == .succeeded && end[0].job.finishing == nil && end[0].job.reason == nil)
        #expect(try await store.finish(of: id) == nil)
        await #expect(throws: SqzError.jobEnded(id: id, state: .succeeded)) {
            try await store.finish(id, Finish(.succeeded, reason: "x"), at: 112 * second, limits: limits)
        }
    }

    @Test func whatIsPausedOrHasFailedGoesBackToTheQueue() async throws {
        for state in [State.paused, .failed] {
            let id = try await submit()
            #expect(try await store.startNext(at: 100 * second)?.job.id == id)
            _ = try await store.move(id, to: state, reason: "x", at: 101 * second)
            let told = try await store.finish(
                id, Finish(.succeeded, reason: "asked"), at: 102 * second, limits: limits)
            #expect(told?.changes.first?.job.state == .queued)
            #expect(told?.changes.first?.event.reason == "is to finish: asked")
            #expect(try await store.startNext(at: 103 * second)?.job.finishing == true)
            // One that fails then is told nothing any more when it is tried again.
            _ = try await store.move(id, to: .failed, reason: "x", at: 104 * second)
            #expect(try await store.job(id).finishing == nil)
        }
    }

    /// One whose time is over, with what it has.
    @Test func aPartIsRegisteredInTheEnd() async throws {
        let id = try await submit(timeLimit: 5, keepsPartial: true)
        #expect(try await store.job(id).keepPartial == true)
        #expect(try await store.startNext(at: 100 * second)?.job.id == id)
        let finish = Finish(.failed, reason: "it ran for its time limit of 5 s")
        #expect(try await store.finish(id, finish, at: 104 * second, limits: limits, ifDue: 104 * second) == nil)
        #expect(try await store.finish(id, finish, at: 105 * second, limits: limits, ifDue: 105 * second) != nil)
        await #expect(
            throws: SqzError.invalidOption(
                option: "id",
                reason: "job \(id) is about to end: \(finish.reason); it can be changed then, and retried")
        ) { try await store.limit(id, deadline: nil, timeLimit: 50, at: 106 * second) }
        let waiting = try await store.submit(
            Submission(kind: "evaluate", runner: "r", uid: 1, after: [Dependency(job: id, condition: .success)]),
            at: 106 * second, limits: limits
        ).job.id
        let changes = try await store.succeed(
            id, Outcome(loss: 0.5),
            making: NewModel(name: "m", sha256: "s", size: 1, runner: "r", made: .sample, publisher: .user()),
            as: finish,
            at: 107 * second)
        #expect(changes.map(\.job.state) == [.failed, .cancelled] && changes[1].job.id == waiting)
        let job = try await store.job(id)
        #expect(job.outcome?.model == "m@1" && job.outcome?.loss == 0.5 && job.reason == finish.reason)
        #expect(try await store.model("m").model.job == id)
    }
}
