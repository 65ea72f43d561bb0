internal import GRDB
public import SqzProtocol

// Which job is next.
extension JobStore {
    /// How far back a user's use of the machine counts, in microseconds: a day.
    private static let memory = 86_400 * 1_000_000

    /// Of the jobs that wait for nothing but their turn: the highest priority, then the user whose jobs ran least in the
    /// last day, then the oldest.
    private static let next = """
        SELECT id FROM jobs LEFT JOIN (
            SELECT uid AS user, sum(ranFor + CASE state WHEN 'running' THEN max(0, :now - lastStart) ELSE 0 END) AS used
            FROM jobs WHERE lastStart IS NOT NULL AND (endedAt IS NULL OR endedAt > :now - :memory) GROUP BY uid
        ) ON user = uid
        WHERE state = 'queued' AND NOT EXISTS (
            SELECT 1 FROM dependencies JOIN jobs other ON other.id = after
            WHERE job = jobs.id AND other.state IN ('queued', 'running', 'paused')
        ) ORDER BY priority DESC, coalesce(used, 0), id LIMIT 1
        """

    /// The job that is to run next becomes running; nil where none may run.
    public func startNext(at time: Int) async throws -> Change? {
        try await database.write { database in
            guard let id = try Self.next(at: time, in: database) else { return nil }
            return try Self.move(id, to: .running, Event(time: time, kind: .state), in: database).first
        }
    }

    /// The job that would run next; nil where none may run.
    public func peekNext(at time: Int) async throws -> Job? {
        try await database.read { database in
            try Self.next(at: time, in: database).map { try Self.job($0, in: database) }
        }
    }

    private static func next(at time: Int, in database: Database) throws -> Int? {
        try Int.fetchOne(database, sql: next, arguments: ["now": time, "memory": memory])
    }
}
