internal import GRDB
public import SqzProtocol

/// How many jobs of a user and kind are in a state that is no end, and when the first of them was submitted.
public struct QueueFigure: Sendable {
    public let uid: Int
    public let kind: String
    public let state: State
    public let count: Int
    /// In microseconds since 1970.
    public let earliest: Int
}

extension JobStore {
    /// Of jobs that have not ended.
    public func queueFigures() async throws -> [QueueFigure] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT uid, kind, state, count(*) AS count, min(submittedAt) AS earliest FROM jobs
                    WHERE state IN ('queued', 'running', 'paused') GROUP BY uid, kind, state ORDER BY uid, kind, state
                    """
            ).compactMap { row in
                State(rawValue: row["state"]).map { state in
                    QueueFigure(
                        uid: row["uid"], kind: row["kind"], state: state, count: row["count"], earliest: row["earliest"]
                    )
                }
            }
        }
    }
}
