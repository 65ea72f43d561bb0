import JobStore
import SqzProtocol
import TestSupport
import Testing

/// Jobs that wait for jobs that wait for jobs.
@Suite struct ChainTests {
    private let scratch: ScratchDirectory
    private let store: JobStore
    private let limits = QueueLimits(jobs: 10_000, perUser: 10_000)

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private func submit(after: [Int] = [], model: String? = nil, maker: Int? = nil) async throws -> Int {
        try await store.submit(
            Submission(
                kind: "train", runner: "r", uid: 1, model: model, maker: maker,
                after: after.map { Dependency(job: $0, condition: .success) }), at: 1, limits: limits
        ).job.id
    }

    /// As long as one user may make it. By recursion it would overflow the stack, and with it end the daemon.
    @Test func theEndOfALongChainsBeginningEndsAllOfIt() async throws {
        var ids = [try await submit()]
        for _ in 0..<5_000 { ids.append(try await submit(after: [ids[ids.count - 1]])) }
        let changes = try await store.move(ids[0], to: .cancelled, reason: "x", at: 2)
        #expect(changes.map(\.job.id) == ids)
        #expect(try await store.counts().cancelled == ids.count)
    }

    @Test func whoWaitsForSeveralThatEndTogetherIsCancelledOnce() async throws {
        let first = try await submit()
        let second = try await submit(after: [first])
        let third = try await submit(after: [first, second])
        let changes = try await store.move(first, to: .cancelled, reason: "x", at: 2)
        #expect(changes.map(\.job.id) == [first, second, third])
        #expect(try await store.job(third).reason == "job \(first), which it waited for, was cancelled")
        #expect(try await store.events(of: third).count == 2)
    }

    @Test func theSameWhereAModelThatWasToComeDoesNot() async throws {
        let maker = try await submit(model: "m")
        let user = try await submit(after: [maker], model: "m", maker: maker)
        let other = try await submit(after: [maker, user], model: "m", maker: maker)
        #expect(try await store.startNext(at: 2)?.job.id == maker)
        let changes = try await store.succeed(maker, Outcome(), at: 3)
        #expect(changes.map(\.job.id) == [maker, user, other])
        #expect(changes.map(\.job.state) == [.succeeded, .cancelled, .cancelled])
    }

    /// The last one given would count, and a job run that was to run after a success only.
    @Test func oneJobHasOneCondition() async throws {
        let id = try await submit()
        func wait(_ conditions: [DependencyCondition]) async throws -> Job {
            try await store.submit(
                Submission(
                    kind: "train", runner: "r", uid: 1, after: conditions.map { Dependency(job: id, condition: $0) }),
                at: 1, limits: limits
            ).job
        }
        await #expect(
            throws: SqzError.invalidOption(
                option: "after", reason: "job \(id) is there with two conditions, success and any; give one")
        ) { try await wait([.success, .any]) }
        #expect(try await wait([.any, .any]).after == [Dependency(job: id, condition: .any)])
    }
}
