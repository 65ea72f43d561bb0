import JobStore
import SqzProtocol
import TestSupport
import Testing

/// Limits that change while a job waits, runs, or has ended.
@Suite struct LimitChangeTests {
    private let scratch: ScratchDirectory
    private let store: JobStore
    private let limits = QueueLimits(jobs: 100, perUser: 100)
    private let second = 1_000_000

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private func submit(timeLimit: Int? = nil) async throws -> Int {
        try await store.submit(
            Submission(kind: "train", runner: "r", uid: 1, timeLimit: timeLimit), at: 1, limits: limits
        ).job.id
    }

    private func run(_ id: Int, from start: Int, to end: Int, as state: State) async throws {
        #expect(try await store.startNext(at: start * second)?.job.id == id)
        _ = try await store.move(id, to: state, reason: "x", at: end * second)
    }

    /// Whether a limit is given later or was there before, it counts all runs since the last retry.
    @Test(arguments: [nil, 50]) func aNewLimitCountsFromTheLastRetry(first: Int?) async throws {
        let id = try await submit(timeLimit: first)
        try await run(id, from: 100, to: 104, as: .queued)
        _ = try await store.limit(id, deadline: nil, timeLimit: 10, at: 105 * second)
        #expect(try await store.startNext(at: 200 * second)?.job.id == id)
        #expect(try await store.agenda(at: 200 * second).next == 206 * second)
        // While it runs.
        _ = try await store.limit(id, deadline: nil, timeLimit: 20, at: 202 * second)
        #expect(try await store.agenda(at: 202 * second).next == 216 * second)
        _ = try await store.limit(id, deadline: nil, timeLimit: 0, at: 203 * second)
        #expect(try await store.agenda(at: 203 * second).next == nil)
        _ = try await store.move(id, to: .failed, reason: "x", at: 220 * second)
        _ = try await store.putBack(id, from: [.failed], reason: "x", at: 230 * second, limits: limits)
        _ = try await store.limit(id, deadline: nil, timeLimit: 5, at: 231 * second)
        #expect(try await store.startNext(at: 300 * second)?.job.id == id)
        #expect(try await store.agenda(at: 300 * second).next == 305 * second)
    }

    @Test func aLimitThatIsUsedUpIsRefused() async throws {
        let id = try await submit()
        try await run(id, from: 100, to: 130, as: .queued)
        #expect(try await store.startNext(at: 200 * second)?.job.id == id)
        await #expect(
            throws: SqzError.invalidOption(
                option: "timeLimit", reason: "job \(id) has run for 35 s already: must be more, is 35")
        ) { try await store.limit(id, deadline: nil, timeLimit: 35, at: 205 * second) }
        #expect(try await store.job(id).timeLimit == nil)
        let (before, job) = try await store.limit(id, deadline: 900 * second, timeLimit: 36, at: 205 * second)
        #expect(before.timeLimit == nil && job.timeLimit == 36 && job.deadline == 900 * second)
        #expect(try await store.agenda(at: 205 * second).next == 206 * second)
    }

    @Test func whoIsToldToEndIsNotSavedByALimit() async throws {
        let id = try await submit(timeLimit: 5)
        #expect(try await store.startNext(at: 100 * second)?.job.id == id)
        #expect(try await store.intend(id, to: .failed, reason: "it ran for its time limit of 5 s"))
        await #expect(
            throws: SqzError.invalidOption(
                option: "id",
                reason: """
                    job \(id) is about to end: it ran for its time limit of 5 s; it can be changed then, and retried
                    """)
        ) { try await store.limit(id, deadline: nil, timeLimit: 50, at: 106 * second) }
        _ = try await store.move(id, to: .failed, reason: "x", at: 107 * second)
        #expect(try await store.limit(id, deadline: nil, timeLimit: 1, at: 108 * second).job.timeLimit == 1)
    }

    /// A file of the version before: a job that was retried after 30 s, with a limit of 10 s from there.
    @Test func theAllowanceOfAnOlderFileStays() async throws {
        let id = try await submit(timeLimit: 10)
        try await run(id, from: 100, to: 130, as: .queued)
        try store.close()
        let script = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1]) as database:
                database.executescript('''
                    DROP INDEX makers;
                    ALTER TABLE jobs DROP COLUMN maker;
                    ALTER TABLE jobs DROP COLUMN ranBefore;
                    ALTER TABLE jobs ADD COLUMN allowance INTEGER;
                    UPDATE jobs SET allowance = 40000000;
                    ALTER TABLE models DROP COLUMN warning;
                    DELETE FROM grdb_migrations WHERE identifier = '6';
                ''')
            """
        try Oracle.run("python3", ["-c", script, scratch["sqzd.db"]])
        let reopened = try JobStore(path: scratch["sqzd.db"])
        #expect(try await reopened.startNext(at: 200 * second)?.job.id == id)
        #expect(try await reopened.agenda(at: 200 * second).next == 210 * second)
    }
}
