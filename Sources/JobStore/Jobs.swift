internal import GRDB
public import SqzProtocol

// Reading jobs and their events.
extension JobStore {
    /// A job as it is on disk; with an outlook also why it waits, where, and for how long. Throws `SqzError.noSuchJob`.
    public func job(_ id: Int, _ outlook: Outlook? = nil) async throws -> Job {
        try await read { database in
            let job = try Self.job(id, in: database)
            guard let outlook else { return job }
            return try Self.explain([job], outlook, in: database)[0]
        }
    }

    static func job(_ id: Int, in database: Database) throws -> Job {
        guard let job = try jobs([id], in: database).first else { throw SqzError.noSuchJob(id: id) }
        return job
    }

    /// Those of the jobs that there are, newest first.
    static func jobs(_ ids: [Int], in database: Database) throws -> [Job] {
        guard !ids.isEmpty else { return [] }
        // One job is asked for all the time, and its statement is worth keeping.
        func statement(_ sql: String, _ column: String, _ order: String) throws -> Statement {
            ids.count == 1
                ? try database.cachedStatement(sql: "\(sql) \(column) = ? ORDER BY \(order)")
                : try database.makeStatement(sql: "\(sql) \(column) IN (\(list(ids))) ORDER BY \(order)")
        }
        let arguments: StatementArguments = ids.count == 1 ? [ids[0]] : []
        let dependencies = try Row.fetchAll(
            statement("SELECT job, after, condition FROM dependencies WHERE", "job", "job, after"), arguments: arguments
        )
        let after = Dictionary(grouping: dependencies) { $0["job"] as Int }
        let rows = try Row.fetchCursor(
            statement("SELECT * FROM jobs WHERE state <> '\(removed)' AND", "id", "id DESC"), arguments: arguments)
        var jobs: [Job] = []
        while let row = try rows.next() {
            jobs.append(
                try Job(
                    row: row,
                    after: try after[row["id"], default: []].map { try Dependency(job: $0["after"], row: $0) }))
        }
        return jobs
    }

    /// Jobs in any of `states` (all if nil) with an id below `before`, newest first.
    public func jobs(
        in states: [State]? = nil, before: Int? = nil, limit: Int, _ outlook: Outlook
    ) async throws -> [Job] {
        try await read { database in
            // The newest of each state, which an index has in order.
            let newest = try database.cachedStatement(
                sql: "SELECT id FROM jobs WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?")
            let ids = try Set(states ?? State.allCases).flatMap { state in
                try Int.fetchAll(newest, arguments: [state.rawValue, before ?? Int.max, limit])
            }.sorted(by: >).prefix(limit)
            return try Self.explain(try Self.jobs(Array(ids), in: database), outlook, in: database)
        }
    }

    /// The jobs that ran and need no checkpoint any more, those that ended last first.
    public func lastDone(limit: Int) async throws -> [Int] {
        try await read { database in
            try Int.fetchAll(
                database,
                sql: """
                    SELECT id FROM jobs WHERE state IN ('succeeded', 'cancelled') AND lastStart IS NOT NULL
                    ORDER BY endedAt DESC LIMIT ?
                    """,
                arguments: [limit])
        }
    }

    /// How many jobs are in each state.
    public func counts() async throws -> JobCounts { try await counter.current(in: self) }

    /// Kept events with a sequence above `after`, oldest first.
    public func events(of id: Int, after: Int = 0) async throws -> [Event] {
        try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM events WHERE job = ? AND sequence > ? ORDER BY sequence",
                arguments: [id, after]
            ).map { try Event(row: $0) }
        }
    }

    /// A job's last epochs, oldest first; none from before it was cancelled, after which it begins anew.
    public func epochs(of id: Int, limit: Int) async throws -> [Event] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM events WHERE job = :id AND kind = 'epoch' AND sequence > coalesce(
                        (SELECT max(sequence) FROM events WHERE job = :id AND state = 'cancelled' AND EXISTS
                            (SELECT 1 FROM events AS later WHERE later.job = :id AND later.sequence > events.sequence)), 0)
                    ORDER BY sequence DESC LIMIT :limit
                    """,
                arguments: ["id": id, "limit": limit]
            ).reversed().map { try Event(row: $0) }
        }
    }
}
