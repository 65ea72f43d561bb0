import JobStore
import SqzProtocol
import TestSupport
import Testing

/// Whose data sets' names are.
@Suite struct DatasetNameTests {
    private let scratch: ScratchDirectory
    private let store: JobStore

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    @discardableResult
    private func addModel(_ name: String, by uid: Int = 1) async throws -> Model {
        try await store.addModel(
            NewModel(name: name, sha256: "s", size: 3, runner: "r", made: .sample, publisher: .user(uid)), at: 1
        ) {}
    }

    @Test func aDataSetsNameIsItsFirstUsersToo() async throws {
        func add(_ name: String, _ uid: Int, isAdministrator: Bool = false) async throws -> Int {
            try await store.addDataset(
                name, .sample, sha256: "s", size: 1, by: .user(uid, isAdministrator: isAdministrator), at: 1
            ) {}.uid
        }
        #expect(try await add("d", 1) == 1)
        try await store.removeDataset("d", by: 1, at: 5) { _ in }
        let refusal = SqzError.invalidOption(
            option: "name", reason: "the name d belongs to uid 1; right would be one of your own, as bob/d")
        await #expect(throws: refusal) { try await add("d", 2) }
        await #expect(throws: refusal) {
            try await store.checkName("d", of: .dataset, option: "name", by: .user(2))
        }
        #expect(try await add("bob/d", 2) == 2)
        try await store.giveDataset("d", to: 2)
        #expect(try await add("d", 2) == 2)
        try await store.giveDataset("d", to: 1)
        #expect(try await store.dataset("d").uid == 1)
        await #expect(throws: SqzError.self) { try await store.giveDataset("nothing", to: 1) }
        #expect(await reason("dataset") { try await store.giveDataset("bob/d", to: 1) }.contains("can't be given away"))
        // Models have names of their own.
        #expect(try await addModel("d", by: 2).version == 1)
    }

    /// What an administrator imports under another's name is that user's.
    @Test func aDataSetIsItsNamesOwners() async throws {
        let dataset = try await store.addDataset(
            "alice/d", .sample, sha256: "s", size: 1, by: .user(9, isAdministrator: true), at: 1
        ) {}
        #expect(dataset.uid == 1)
    }

    @Test func anOlderDatabaseKnowsWhoseItsDataSetsNamesAre() async throws {
        _ = try await store.addDataset("d", .sample, sha256: "s", size: 1, by: .user(1), at: 1) {}
        for _ in 1...2 { try await addModel("m") }
        try store.close()
        let script = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1]) as database:
                for table in ["datasetNames", "promotions", "modelTags", "modelAliases", "pins", "tombstones"]:
                    database.execute("DROP TABLE " + table)
                database.execute("DELETE FROM grdb_migrations WHERE identifier = 'names'")
            """
        try Oracle.run("python3", ["-c", script, scratch["sqzd.db"]])
        let older = try JobStore(path: scratch["sqzd.db"])
        #expect(try await older.dataset("d").uid == 1)
        let refusal = SqzError.invalidOption(
            option: "name", reason: "the name d belongs to uid 1; right would be one of your own, as bob/d")
        await #expect(throws: refusal) {
            try await older.checkName("d", of: .dataset, option: "name", by: .user(2))
        }
        #expect(try await older.model("m").model.version == 2)
        #expect(try await older.promote("m@1") == Meaning(model: "m@1", before: "m@2"))
    }
}
