import JobStore
import SqzProtocol
import TestSupport
import Testing

/// Models that are used before they are made.
@Suite struct ModelsToComeTests {
    private let scratch: ScratchDirectory
    private let store: JobStore
    private let limits = QueueLimits(jobs: 100, perUser: 100)

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private func submit(_ kind: String, model: String = "m", maker: Int? = nil) async throws -> Job {
        try await store.submit(
            Submission(
                kind: kind, runner: "r", uid: 1, model: model, maker: maker,
                after: maker.map { [Dependency(job: $0, condition: .success)] } ?? []), at: 1, limits: limits
        ).job
    }

    private func succeed(_ id: Int, place: @escaping @Sendable () throws -> Void = {}) async throws -> [Change] {
        let model = NewModel(name: "m", sha256: "s\(id)", size: 1, runner: "r", made: .sample, publisher: .user())
        return try await store.succeed(id, Outcome(), making: model, at: 3, place: place)
    }

    @Test func theVersionIsHandedOverWithTheEndOrNotAtAll() async throws {
        let maker = try await submit("train").id
        let user = try await submit("evaluate", maker: maker).id
        #expect(try await store.startNext(at: 2)?.job.id == maker)
        struct FullDisk: Error {}
        await #expect(throws: FullDisk.self) { try await succeed(maker) { throw FullDisk() } }
        #expect(try await store.job(user).model == "m")
        _ = try await succeed(maker)
        #expect(try await store.job(user).model == "m@1")
        try store.close()
        let reopened = try JobStore(path: scratch["sqzd.db"])
        #expect(try await reopened.startNext(at: 4)?.job.model == "m@1")
        // What is used is not removed.
        await #expect(throws: SqzError.modelInUse(model: "m@1", jobs: [user])) {
            try await reopened.removeModels("m@1", all: false, by: 1, at: 5, check: { _, _ in }, remove: { _ in })
        }
    }

    /// The job may end between the look at it and the submission.
    @Test func aSubmissionThatComesLateGetsTheVersionToo() async throws {
        let maker = try await submit("train").id
        let after = [Dependency(job: maker, condition: .success)]
        guard case .toCome("m", let found) = try await store.model("m", after: after).choice else {
            Issue.record("the job is not found")
            return
        }
        #expect(found.id == maker)
        #expect(try await store.startNext(at: 2)?.job.id == maker)
        _ = try await succeed(maker)
        #expect(try await submit("evaluate", maker: maker).model == "m@1")
    }

    /// One that waits for a model is none that makes it.
    @Test func whoUsesAModelDoesNotMakeIt() async throws {
        let maker = try await submit("train").id
        let user = try await submit("evaluate", maker: maker).id
        let after = [maker, user].map { Dependency(job: $0, condition: .success) }
        guard case .toCome("m", let found) = try await store.model("m", after: after).choice else {
            Issue.record("the job is not found")
            return
        }
        #expect(found.id == maker)
        await #expect(throws: SqzError.noSuchModel(model: "m", known: [], makers: [maker])) {
            try await store.model("m")
        }
    }
}
