internal import GRDB

// What is left of removed jobs and predictions goes in transactions of few rows, so that others have their turn between them.
extension JobStore {
    /// Removes so many rows of predictions and events at most. Tells whether there may be more.
    public func clearLeftovers(rows limit: Int) async throws -> Bool {
        try await database.write { database in
            var rest = limit
            /// Of a table of rows with a job and a number; tells whether none are left.
            func clear(_ table: String, _ number: String, of id: Int) throws -> Bool {
                try database.cachedStatement(
                    sql: """
                        DELETE FROM \(table) WHERE job = :id AND \(number) IN
                            (SELECT \(number) FROM \(table) WHERE job = :id ORDER BY \(number) LIMIT :rest)
                        """
                ).execute(arguments: ["id": id, "rest": rest])
                rest -= database.changesCount
                return rest > 0
            }
            while rest > 0 {
                guard let id = try Int.fetchOne(database, sql: "SELECT job FROM leftovers ORDER BY job LIMIT 1") else {
                    return false
                }
                let isRemoved = try Bool.fetchOne(
                    database, sql: "SELECT state = '\(Self.removed)' FROM jobs WHERE id = ?", arguments: [id])
                guard try clear("predictions", "picture", of: id),
                    try isRemoved != true || clear("events", "sequence", of: id)
                else { break }
                try database.execute(sql: "DELETE FROM leftovers WHERE job = ?", arguments: [id])
                rest -= 1
            }
            return true
        }
    }

    /// Of removed jobs, those that no other names and whose rows are gone.
    private static let isLoose = """
        state = '\(removed)' AND NOT EXISTS (SELECT 1 FROM leftovers WHERE job = jobs.id)
        AND NOT EXISTS (SELECT 1 FROM dependencies WHERE after = jobs.id)
        AND NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.maker = jobs.id)
        """

    /// Forgets so many of the removed jobs that count in nobody's share any more. Tells how many, and when the next one is.
    public func forgetRemoved(at time: Int, limit: Int) async throws -> (count: Int, next: Int?) {
        try await database.write { database in
            try database.execute(
                sql: """
                    DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE \(Self.isLoose)
                        AND (lastStart IS NULL OR endedAt <= :time) LIMIT :limit)
                    """, arguments: ["time": time - Self.memory, "limit": limit])
            let count = database.changesCount
            let next = try Int.fetchOne(database, sql: "SELECT min(endedAt) FROM jobs WHERE \(Self.isLoose)")
            return (count, next.map { $0 + Self.memory })
        }
    }
}
