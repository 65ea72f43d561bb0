internal import GRDB
internal import SqzProtocol

/// What time brings to the queue.
public struct Agenda: Equatable, Sendable {
    /// A job whose time is over, and in which way.
    public struct Expiry: Equatable, Sendable {
        public var id: Int
        public var reason: String

        public init(id: Int, reason: String) {
            self.id = id
            self.reason = reason
        }
    }

    public var expired: [Expiry]
    /// The next moment at which a job may be tried again, or its time is over.
    public var next: Int?

    public init(expired: [Expiry], next: Int?) {
        self.expired = expired
        self.next = next
    }
}

extension JobStore {
    /// It is not about to end anyway.
    private static let hasTime = "intent IS NULL AND finishAs IS NULL"
    private static let hasDeadline = "deadline IS NOT NULL AND endedAt IS NULL AND \(hasTime)"
    private static let hasLimit = "state = 'running' AND NOT waits AND timeLimit IS NOT NULL AND \(hasTime)"
    private static let limitsEnd = "lastStart + ranBefore + timeLimit * 1000000 - ranFor"

    /// Whether a job's time is over at `time`. Somebody may have given it more since that was looked at.
    static func isDue(_ id: Int, at time: Int, in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database,
            sql: """
                SELECT (\(hasDeadline) AND deadline <= :time) OR (\(hasLimit) AND \(limitsEnd) <= :time)
                FROM jobs WHERE id = :id
                """,
            arguments: ["time": time, "id": id]) ?? false
    }

    /// What is due at `time`, and when the next thing is. A running job that is about to stop anyway has no times any more.
    public func agenda(at time: Int) async throws -> Agenda {
        try await read { database in
            let late = try Row.fetchAll(
                database, sql: "SELECT id, deadline FROM jobs WHERE \(Self.hasDeadline) AND deadline <= ? ORDER BY id",
                arguments: [time]
            ).map { row in
                Agenda.Expiry(id: row[0], reason: "its deadline, \(Timestamp.text(row[1])), has passed")
            }
            let long = try Row.fetchAll(
                database,
                sql: "SELECT id, timeLimit FROM jobs WHERE \(Self.hasLimit) AND \(Self.limitsEnd) <= ? ORDER BY id",
                arguments: [time]
            ).map { Agenda.Expiry(id: $0[0], reason: "it ran for its time limit of \($0[1] as Int) s") }
            let next = try Int.fetchOne(
                database,
                sql: """
                    SELECT min(moment) FROM (
                        SELECT min(notBefore) AS moment FROM jobs WHERE notBefore IS NOT NULL AND notBefore > :time
                        UNION ALL SELECT min(deadline) FROM jobs WHERE \(Self.hasDeadline) AND deadline > :time
                        UNION ALL SELECT min(\(Self.limitsEnd)) FROM jobs WHERE \(Self.hasLimit) AND \(Self.limitsEnd) > :time
                    )
                    """,
                arguments: ["time": time])
            let ids = Set(late.map(\.id))
            return Agenda(expired: late + long.filter { !ids.contains($0.id) }, next: next)
        }
    }
}
