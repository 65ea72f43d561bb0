internal import GRDB
public import SqzProtocol

extension JobStore {
    /// All data sets by name.
    public func datasets() async throws -> [Dataset] {
        try await database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM datasets ORDER BY name").map { try Dataset(row: $0) }
        }
    }

    /// Throws `SqzError.noSuchDataset` with the names there are.
    public func dataset(_ name: String) async throws -> Dataset {
        try await database.read { database in try Self.dataset(name, in: database) }
    }

    /// Registers a data set whose file is a blob already. The same data under the same name changes nothing; other data
    /// under it is refused (`SqzError.nameTaken`).
    public func addDataset(
        _ name: String, _ imported: Imported, sha256: String, size: Int, uid: Int, at time: Int
    ) async throws -> Dataset {
        let text = try jsonText(imported)
        return try await database.write { database in
            let row = try Row.fetchOne(database, sql: "SELECT * FROM datasets WHERE name = ?", arguments: [name])
            if let row {
                guard row["sha256"] == sha256 else { throw SqzError.nameTaken(dataset: name) }
                return try Dataset(row: row)
            }
            try database.execute(
                sql: "INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?)", arguments: [name, sha256, size, text, uid, time])
            return try Self.dataset(name, in: database)
        }
    }

    /// Removes a data set unless a job that has not ended uses it (`SqzError.inUse`). Tells whether its blob is still used
    /// by another name.
    public func removeDataset(_ name: String) async throws -> (sha256: String, isShared: Bool) {
        try await database.write { database in
            let dataset = try Self.dataset(name, in: database)
            let jobs = try Int.fetchAll(
                database,
                sql: "SELECT id FROM jobs WHERE dataset = ? AND state IN ('queued', 'running', 'paused') ORDER BY id",
                arguments: [name])
            guard jobs.isEmpty else { throw SqzError.inUse(dataset: name, jobs: jobs) }
            try database.execute(sql: "DELETE FROM datasets WHERE name = ?", arguments: [name])
            let others = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM datasets WHERE sha256 = ?", arguments: [dataset.sha256])
            return (dataset.sha256, (others ?? 0) > 0)
        }
    }

    /// The checksums of all files that models and data sets need.
    public func blobs() async throws -> Set<String> {
        try await database.read { database in
            try String.fetchSet(database, sql: "SELECT sha256 FROM models UNION SELECT sha256 FROM datasets")
        }
    }

    private static func dataset(_ name: String, in database: Database) throws -> Dataset {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM datasets WHERE name = ?", arguments: [name])
        else {
            let known = try String.fetchAll(database, sql: "SELECT name FROM datasets ORDER BY name LIMIT 20")
            throw SqzError.noSuchDataset(dataset: name, known: known)
        }
        return try Dataset(row: row)
    }
}
