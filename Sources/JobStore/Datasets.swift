internal import GRDB
public import SqzProtocol

/// What a user has on the disk of one kind: `datasets`, `models`, `checkpoints`, or `results`, which are logs and predictions.
public struct StoredBytes: Equatable, Sendable {
    public var uid: Int
    public var what: String
    public var bytes: Int

    public init(uid: Int, what: String, bytes: Int) {
        self.uid = uid
        self.what = what
        self.bytes = bytes
    }
}

extension JobStore {
    /// All data sets by name.
    public func datasets() async throws -> [Dataset] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM datasets ORDER BY name").map { try Dataset(row: $0) }
        }
    }

    /// Throws `SqzError.noSuchDataset` with the names there are.
    public func dataset(_ name: String) async throws -> Dataset {
        try await read { database in try Self.dataset(name, in: database) }
    }

    /// Registers a data set; `place` puts its file where it belongs. The same data under the same name changes nothing;
    /// other data under it is refused (`SqzError.nameTaken`), and a name of another's (`SqzError.invalidOption`).
    ///
    /// - Parameter madeOf: of which files it was imported, and how, if that is known.
    public func addDataset(
        _ name: String, _ imported: Imported, sha256: String, size: Int, madeOf: String? = nil, by publisher: Publisher,
        at time: Int,
        place: @escaping @Sendable () throws -> Void
    ) async throws -> Dataset {
        try await database.write { database in
            let row = try Row.fetchOne(database, sql: "SELECT * FROM datasets WHERE name = ?", arguments: [name])
            if let row {
                guard row["sha256"] == sha256 else { throw SqzError.nameTaken(dataset: name) }
                if let madeOf {
                    try database.execute(
                        sql: "UPDATE datasets SET madeOf = ? WHERE name = ?", arguments: [madeOf, name])
                }
                return try Dataset(row: row)
            }
            // It is its name's owner's, whoever imported it.
            let owner = try Self.claimDataset(name, "name", for: publisher, in: database)
            try place()
            try database.insert(
                into: "datasets",
                try imported.columns(
                    name: name, sha256: sha256, size: size, madeOf: madeOf, uid: owner, at: time))
            return try Self.dataset(name, in: database)
        }
    }

    /// Removes a data set unless a job that has not ended uses it (`SqzError.inUse`). `remove` is called with the checksum
    /// of its file when the removal is on disk, unless another data set has the same file.
    public func removeDataset(
        _ name: String, by uid: Int, at time: Int, remove: @escaping @Sendable (String) throws -> Void
    ) async throws {
        let sha256 = try await database.write { database in
            let dataset = try Self.dataset(name, in: database)
            let jobs = try Int.fetchAll(
                database,
                sql: "SELECT id FROM jobs WHERE dataset = ? AND state IN ('queued', 'running', 'paused') ORDER BY id",
                arguments: [name])
            guard jobs.isEmpty else { throw SqzError.inUse(dataset: name, jobs: jobs) }
            try Self.bury(.dataset, name, nil, dataset.sha256, by: uid, at: time, in: database)
            try database.execute(sql: "DELETE FROM datasets WHERE name = ?", arguments: [name])
            return dataset.sha256
        }
        try await database.write { database in
            let others = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM datasets WHERE sha256 = ?", arguments: [sha256])
            if others == 0 { try remove(sha256) }
        }
    }

    /// The checksums of all files that models and data sets need.
    public func blobs() async throws -> Set<String> {
        try await read { try Self.blobs(in: $0) }
    }

    /// What needs a file, as people call it, by that file's checksum.
    public func needs() async throws -> [(what: String, sha256: String)] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT 'data set ' || name AS what, sha256 FROM datasets
                    UNION ALL SELECT 'model ' || name || '@' || version, sha256 FROM models ORDER BY what
                    """
            ).map { ($0["what"], $0["sha256"]) }
        }
    }

    static func blobs(in database: Database) throws -> Set<String> {
        try String.fetchSet(database, sql: "SELECT sha256 FROM models UNION SELECT sha256 FROM datasets")
    }

    /// What each user has on the disk.
    public func diskUse() async throws -> [StoredBytes] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT uid, 'datasets' AS what, sum(size) AS bytes FROM datasets GROUP BY uid
                    UNION ALL SELECT uid, 'models', sum(size) FROM models GROUP BY uid
                    UNION ALL SELECT uid, 'checkpoints', sum(bytes) FROM jobs WHERE bytes > 0 GROUP BY uid
                    UNION ALL SELECT uid, 'results', sum(kept) FROM jobs WHERE kept > 0 GROUP BY uid
                    """
            ).map { StoredBytes(uid: $0["uid"], what: $0["what"], bytes: $0["bytes"]) }
        }
    }

    static func dataset(_ name: String, in database: Database) throws -> Dataset {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM datasets WHERE name = ?", arguments: [name])
        else {
            let known = try String.fetchAll(database, sql: "SELECT name FROM datasets ORDER BY name LIMIT 20")
            let removed = try tombstone(.dataset, name, nil, in: database)
            throw SqzError.noSuchDataset(
                dataset: name, known: known, removedAt: removed?["removedAt"], removedBy: removed?["removedBy"],
                sha256: removed?["sha256"])
        }
        return try Dataset(row: row)
    }
}
