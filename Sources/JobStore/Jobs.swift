internal import GRDB
public import SqzProtocol

// Reading jobs, their events and predictions.
extension JobStore {
    /// Throws `SqzError.noSuchJob`.
    public func job(_ id: Int) async throws -> Job {
        try await database.read { try Self.job(id, in: $0) }
    }

    static func job(_ id: Int, in database: Database) throws -> Job {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM jobs WHERE id = ?", arguments: [id]) else {
            throw SqzError.noSuchJob(id: id)
        }
        return try Job(row: row, in: database)
    }

    /// Jobs in any of `states` (all if nil) with an id below `before`, newest first.
    public func jobs(in states: [State]? = nil, before: Int? = nil, limit: Int) async throws -> [Job] {
        let names = (states ?? State.allCases).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try await database.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM jobs WHERE state IN (\(names)) AND id < ? ORDER BY id DESC LIMIT ?",
                arguments: [before ?? Int.max, limit]
            ).map { try Job(row: $0, in: database) }
        }
    }

    /// Jobs in the queue, in its order.
    public func waitingJobs(limit: Int) async throws -> [Job] {
        try await database.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM jobs WHERE state = 'queued' ORDER BY priority DESC, id LIMIT ?",
                arguments: [limit]
            ).map { try Job(row: $0, in: database) }
        }
    }

    /// The jobs that ran and need no checkpoint any more, those that ended last first.
    public func lastDone(limit: Int) async throws -> [Int] {
        try await database.read { database in
            try Int.fetchAll(
                database,
                sql: """
                    SELECT id FROM jobs WHERE state IN ('succeeded', 'cancelled') AND starts > 0
                    ORDER BY endedAt DESC LIMIT ?
                    """,
                arguments: [limit])
        }
    }

    public func counts() async throws -> JobCounts {
        try await database.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT state, count(*) AS count FROM jobs GROUP BY state")
            let counts = Dictionary(uniqueKeysWithValues: rows.map { ($0["state"] as String, $0["count"] as Int) })
            func count(_ state: State) -> Int { counts[state.rawValue] ?? 0 }
            return JobCounts(
                queued: count(.queued), running: count(.running), paused: count(.paused), succeeded: count(.succeeded),
                failed: count(.failed), cancelled: count(.cancelled))
        }
    }

    /// Kept events with a sequence above `after`, oldest first.
    public func events(of id: Int, after: Int = 0) async throws -> [Event] {
        try await database.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM events WHERE job = ? AND sequence > ? ORDER BY sequence",
                arguments: [id, after]
            ).map { try Event(row: $0) }
        }
    }

    /// Adds predictions; those that are there already are replaced, as a resumed job may make some again.
    public func add(_ predictions: [Prediction], to id: Int) async throws {
        let rows = try predictions.map { ($0, try jsonText($0.classes)) }
        try await database.write { database in
            let statement = try database.makeStatement(sql: "INSERT OR REPLACE INTO predictions VALUES (?, ?, ?, ?)")
            for (prediction, classes) in rows {
                try statement.execute(arguments: [id, prediction.picture, prediction.label, classes])
            }
        }
    }

    public func predictions(of id: Int, from first: Int, limit: Int) async throws -> [Prediction] {
        try await database.read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM predictions WHERE job = ? AND picture >= ? ORDER BY picture LIMIT ?",
                arguments: [id, first, limit]
            ).map { try Prediction(row: $0) }
        }
    }
}
