internal import GRDB
public import SqzProtocol

// Data sets by what they were imported of.
extension JobStore {
    /// What was imported of the same files in the same way; of several data sets the one of that name, else the first.
    public func dataset(madeOf: String, preferring name: String) async throws -> Dataset? {
        try await read { database in
            try Self.row(madeOf: madeOf, preferring: name, in: database).map { try Dataset(row: $0) }
        }
    }

    /// Registers what was imported of the same files in the same way under a name, as if it were imported once more; nil
    /// where nothing was.
    public func addDataset(_ name: String, madeOf: String, by publisher: Publisher, at time: Int) async throws
        -> Dataset?
    {
        try await database.write { database in
            guard let row = try Self.row(madeOf: madeOf, preferring: name, in: database) else { return nil }
            let known = try Row.fetchOne(database, sql: "SELECT * FROM datasets WHERE name = ?", arguments: [name])
            if let known {
                guard known["sha256"] == row["sha256"] as String else { throw SqzError.nameTaken(dataset: name) }
                return try Dataset(row: known)
            }
            let owner = try Self.claimDataset(name, "name", for: publisher, in: database)
            try database.execute(
                sql: """
                    INSERT INTO datasets (name, uid, createdAt, sha256, size, imported, madeOf)
                    SELECT ?, ?, ?, sha256, size, imported, madeOf FROM datasets WHERE name = ?
                    """, arguments: [name, owner, time, row["name"] as String])
            return try Self.dataset(name, in: database)
        }
    }

    private static func row(madeOf: String, preferring name: String, in database: Database) throws -> Row? {
        try Row.fetchOne(
            database, sql: "SELECT * FROM datasets WHERE madeOf = ? ORDER BY name = ? DESC, name LIMIT 1",
            arguments: [madeOf, name])
    }
}
