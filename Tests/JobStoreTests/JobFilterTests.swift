import JobStore
import SqzProtocol
import TestSupport
import Testing

/// Which of many jobs are meant.
@Suite struct JobFilterTests {
    private let scratch: ScratchDirectory
    private let store: JobStore
    private let outlook = Outlook(now: 1, limits: RunningLimits(jobs: 64, perUser: 64))

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private func submit(
        _ kind: String = "train", uid: Int = 1, dataset: String? = "d", model: String? = nil, base: String? = nil,
        name: String? = nil, note: String? = nil, at time: Int = 1
    ) async throws -> Int {
        try await store.submit(
            Submission(
                kind: kind, runner: "r", uid: uid, dataset: dataset, model: model, base: base, name: name, note: note),
            at: time, limits: QueueLimits(jobs: 100, perUser: 50)
        ).job.id
    }

    private func ids(_ filter: JobFilter, before: Int? = nil, limit: Int = 10) async throws -> [Int] {
        try await store.jobs(filter, before: before, limit: limit, outlook).jobs.map(\.id)
    }

    @Test func eachConditionAndAllTogether() async throws {
        let plain = try await submit(at: 10)
        let others = try await submit("evaluate", uid: 2, dataset: "e", model: "m@1", at: 20)
        let named = try await submit(model: "m", name: "Wide-1", note: "twice as WIDE", at: 30)
        let tuned = try await submit(model: "n", base: "m@1", note: "100 % _ or %", at: 40)
        let longer = try await submit(dataset: "dd", model: "mm", at: 50)
        #expect(try await ids(.init()) == [longer, tuned, named, others, plain])
        #expect(try await ids(.init(uid: 2)) == [others])
        #expect(try await ids(.init(kind: "evaluate")) == [others])
        #expect(try await ids(.init(dataset: "d")) == [tuned, named, plain])
        #expect(try await ids(.init(model: "m")) == [tuned, named, others])
        #expect(try await ids(.init(model: "m@1")) == [tuned, others])
        #expect(try await ids(.init(model: "m@2")).isEmpty)
        #expect(try await ids(.init(text: "wide")) == [named])
        // It is a text, no pattern.
        #expect(try await ids(.init(text: "%")) == [tuned])
        #expect(try await ids(.init(text: "_ or")) == [tuned])
        #expect(try await ids(.init(text: "W_de")).isEmpty)
        #expect(try await ids(.init(submittedAfter: 20, submittedBefore: 40)) == [named, others])
        _ = try await store.move(named, to: .cancelled, at: 60)
        #expect(try await ids(.init(states: [.cancelled], model: "m")) == [named])
        #expect(try await ids(.init(states: [.cancelled], uid: 2)).isEmpty)
        #expect(try await ids(.init(uid: 1, kind: "train", dataset: "d", model: "m", text: "%")) == [tuned])
    }

    @Test func whatAJobMadeIsFoundUnderItsNameOfToday() async throws {
        let id = try await submit(model: "m")
        _ = try await store.startNext(at: 2, limits: outlook.limits)
        _ = try await store.succeed(
            id, Outcome(),
            making: NewModel(name: "m", sha256: "s", size: 3, runner: "r", made: .sample, publisher: .user(1)), at: 3)
        #expect(try await ids(.init(model: "m@1")) == [id])
        try await store.rename("m", to: "new", ownedBy: nil)
        #expect(try await ids(.init(model: "new@1")) == [id])
        #expect(try await ids(.init(model: "new")) == [id])
        #expect(try await ids(.init(model: "m@1")) == [id])
        #expect(try await ids(.init(model: "m@2")).isEmpty)
    }

    @Test func theTotalIsOfAllPages() async throws {
        for index in 0..<7 { _ = try await submit(uid: 1 + index % 2) }
        for filter in [JobFilter(), JobFilter(kind: "train")] {
            let (jobs, total) = try await store.jobs(filter, before: 6, limit: 2, outlook)
            #expect(jobs.map(\.id) == [5, 4] && total == 7)
        }
        let (jobs, total) = try await store.jobs(.init(uid: 1), limit: 3, outlook)
        #expect(jobs.map(\.id) == [7, 5, 3] && total == 4)
        #expect(try await store.jobs(.init(states: [.queued, .queued]), limit: 1, outlook).total == 7)
        #expect(try await store.jobs(.init(states: [.failed]), limit: 1, outlook).total == 0)
    }
}
