internal import GRDB

/// How much of what has ended stays, of each user; 0: for ever.
public struct Retention: Equatable, Sendable {
    /// Of things in the order of their ends.
    public struct Limit: Equatable, Sendable {
        /// The newest.
        public var count: Int
        public var days: Int

        public init(count: Int = 0, days: Int = 0) {
            self.count = count
            self.days = days
        }

        var isForever: Bool { count == 0 && days == 0 }

        /// Microseconds.
        var age: Int { days * 86_400_000_000 }
    }

    /// Jobs that have ended.
    public var jobs: Limit
    /// Jobs that have succeeded, with their predictions.
    public var predictions: Limit

    public init(jobs: Limit, predictions: Limit) {
        self.jobs = jobs
        self.predictions = predictions
    }
}

extension JobStore {
    private static let hasEnded = "endedAt IS NOT NULL AND state <> '\(removed)'"
    private static let hasPredictions = "predicted > 0 AND state = 'succeeded'"

    /// Removes so many of the jobs, and so many jobs' predictions, that are beyond their limits. Gives the jobs, whose files are for
    /// the caller, and how many jobs lost their predictions.
    public func retire(_ retention: Retention, at time: Int, limit: Int) async throws -> (
        jobs: [Int], predictions: Int
    ) {
        if retention.jobs.isForever, retention.predictions.isForever { return ([], 0) }
        return try await database.write { database in
            let users = try Self.users(in: database)
            let jobs = try Self.beyond(
                retention.jobs, Self.hasEnded, "AND \(Self.isRemovable)", of: users, at: time, limit, in: database)
            try Self.hide(jobs, in: database)
            let predictions = try Self.beyond(
                retention.predictions, Self.hasPredictions, "", of: users, at: time, limit, in: database)
            try Self.hidePredictions(of: predictions, at: time, in: database)
            return (jobs, predictions.count)
        }
    }

    /// When the next of them is too old; nil where nothing becomes that by time alone.
    public func nextRetirement(_ retention: Retention) async throws -> Int? {
        if retention.jobs.days == 0, retention.predictions.days == 0 { return nil }
        return try await read { database in
            let users = try Self.users(in: database)
            func next(_ limit: Retention.Limit, _ condition: String, _ further: String) throws -> [Int] {
                guard limit.days > 0 else { return [] }
                return try users.compactMap { uid in
                    try Int.fetchOne(
                        database,
                        sql: """
                            SELECT endedAt FROM jobs WHERE uid = ? AND \(condition) \(further) ORDER BY endedAt LIMIT 1
                            """, arguments: [uid])
                }.map { $0 + limit.age }
            }
            let moments =
                try next(retention.jobs, Self.hasEnded, "AND \(Self.isRemovable)")
                + next(retention.predictions, Self.hasPredictions, "")
            return moments.min()
        }
    }

    private static func users(in database: Database) throws -> [Int] {
        try Int.fetchAll(database, sql: "SELECT DISTINCT uid FROM jobs WHERE \(hasEnded) ORDER BY uid")
    }

    /// Of each user's that fulfil `condition`, in the order of their ends, those beyond the limit that fulfil what is further asked,
    /// the oldest first.
    private static func beyond(
        _ retention: Retention.Limit, _ condition: String, _ further: String, of users: [Int], at time: Int,
        _ limit: Int, in database: Database
    ) throws -> [Int] {
        guard !retention.isForever else { return [] }
        var ids: [Int] = []
        for uid in users where ids.count < limit {
            var last = (endedAt: Int.min, id: Int.min)
            if retention.days > 0 { last = (time - retention.age, Int.max) }
            if retention.count > 0,
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT endedAt, id FROM jobs WHERE uid = ? AND \(condition)
                        ORDER BY endedAt DESC, id DESC LIMIT 1 OFFSET ?
                        """, arguments: [uid, retention.count])
            {
                let newest: (endedAt: Int, id: Int) = (row[0], row[1])
                if last < newest { last = newest }
            }
            ids += try Int.fetchAll(
                database,
                sql: """
                    SELECT id FROM jobs WHERE uid = ? AND \(condition) AND (endedAt, id) <= (?, ?) \(further)
                    ORDER BY endedAt, id LIMIT ?
                    """, arguments: [uid, last.endedAt, last.id, limit - ids.count])
        }
        return ids
    }
}
