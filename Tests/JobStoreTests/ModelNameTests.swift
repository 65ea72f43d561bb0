import JobStore
import SqzProtocol
import TestSupport
import Testing

/// Whose models' names are, which versions they get, and which model is the newest.
@Suite struct ModelNameTests {
    private let scratch: ScratchDirectory
    private let store: JobStore

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private func add(
        _ name: String, uid: Int = 1, at time: Int = 1, to other: JobStore? = nil, warning: String? = nil,
        isByAdministrator: Bool = false
    ) async throws -> String {
        let model = try await (other ?? store).addModel(
            NewModel(
                name: name, sha256: "s", size: 3, runner: "r", made: .sample,
                publisher: .user(uid, isAdministrator: isByAdministrator), warning: warning), at: time
        ) {}
        return "\(model.name)@\(model.version)"
    }

    private func refusal(_ owner: Int, _ option: String = "name", of name: String = "m", own: String = "bob/m")
        -> SqzError
    {
        .invalidOption(
            option: option,
            reason: "the name \(name) belongs to uid \(owner); right would be one of your own, as \(own)")
    }

    @discardableResult
    private func remove(_ text: String, all: Bool = false) async throws -> [String] {
        try await store.removeModels(text, all: all, by: 7, at: 99, check: { _, _ in }, remove: { _ in })
            .map { "\($0.name)@\($0.version)" }
    }

    @Test func aVersionIsGivenOutOnce() async throws {
        for version in 1...3 { #expect(try await add("m") == "m@\(version)") }
        try await remove("m@3")
        #expect(try await add("m") == "m@4")
        for version in [1, 2, 4] { try await remove("m@\(version)") }
        #expect(try await store.models().isEmpty)
        try store.close()
        #expect(try await add("m", to: try JobStore(path: scratch["sqzd.db"])) == "m@5")
    }

    @Test func aNameIsItsFirstUsers() async throws {
        #expect(try await add("m", uid: 1) == "m@1")
        await #expect(throws: refusal(1)) { try await add("m", uid: 2) }
        #expect(try await add("m", uid: 2, isByAdministrator: true) == "m@2")
        // An administrator's version does not make it theirs, nor is it free when all is removed.
        await #expect(throws: refusal(1)) { try await add("m", uid: 2) }
        for version in [1, 2] { try await remove("m@\(version)") }
        await #expect(throws: refusal(1, "model")) {
            try await store.checkName("m", of: .model, option: "model", by: .user(2))
        }
        #expect(try await store.checkName("m", of: .model, option: "model", by: .user(1)) == "m")
        #expect(try await store.checkName("other", of: .model, option: "model", by: .user(2)) == "other")
        #expect(try await add("m", uid: 1) == "m@3")
    }

    @Test func theNewestIsTheOneThatWasRegisteredLastWhateverTheClockSays() async throws {
        _ = try await add("m", at: 100)
        _ = try await add("m", at: 50)
        #expect(try await store.model("m").model.version == 2)
        #expect(try await store.model(of: 1, standard: nil).model.version == 2)
        _ = try await add("n", at: 20)
        #expect(try await store.model(of: 1, standard: nil).model.name == "n")
        #expect(try await store.models().map { "\($0.name)@\($0.version)" } == ["n@1", "m@2", "m@1"])
    }

    /// A model that is no good must not answer for those that are.
    @Test func aModelWithAWarningIsUsedOnlyWhereItIsNamed() async throws {
        await #expect(throws: SqzError.noModels(passedOver: nil)) { try await store.model(of: 1, standard: nil) }
        _ = try await add("bad", warning: "no better than chance")
        _ = try await add("m", warning: "no better than chance")
        await #expect(throws: SqzError.noModels(passedOver: ["m@1", "bad@1"])) {
            try await store.model(of: 1, standard: nil)
        }
        _ = try await add("m")
        _ = try await add("bad", warning: "no better than chance")
        let newest = try await store.model(of: 1, standard: nil).model
        #expect(newest.name == "m" && newest.version == 2 && newest.warning == nil)
        let named = try await store.model("bad").model
        #expect(named.version == 2 && named.warning == "no better than chance")
        #expect(try await store.models().map(\.warning) == [named.warning, nil, named.warning, named.warning])
    }

    @Test func anOlderDatabaseKeepsItsVersionsAndOrder() async throws {
        for (name, uid, time) in [("m", 1, 1), ("n", 2, 2), ("m", 1, 3)] { _ = try await add(name, uid: uid, at: time) }
        // Removed before there were tombstones; the job that made it remembers it.
        let id = try await store.submit(
            Submission(kind: "train", runner: "r", uid: 3), at: 4, limits: QueueLimits(jobs: 9, perUser: 9)
        ).job.id
        _ = try await store.startNext(at: 5)
        _ = try await store.succeed(id, Outcome(model: "gone@7"), at: 6)
        try store.close()
        try Oracle.run(
            "python3",
            [
                "-c",
                """
                import sqlite3, sys
                with sqlite3.connect(sys.argv[1]) as database:
                    database.execute("DROP TABLE modelNames")
                    database.execute("ALTER TABLE models DROP COLUMN sequence")
                    database.execute("DELETE FROM grdb_migrations WHERE identifier = '4'")
                """, scratch["sqzd.db"],
            ])
        let older = try JobStore(path: scratch["sqzd.db"])
        #expect(try await older.models().map { "\($0.name)@\($0.version)" } == ["m@2", "n@1", "m@1"])
        await #expect(throws: refusal(1)) { try await add("m", uid: 2, to: older) }
        #expect(try await add("m", uid: 1, to: older) == "m@3")
        #expect(try await add("n", uid: 2, to: older) == "n@2")
        #expect(try await add("gone", uid: 3, to: older) == "gone@8")
    }
}
