internal import GRDB
internal import SqzProtocol

// Jobs that are removed. Nobody sees such a job from the transaction on that says so; its rows go piece by piece afterwards
// (`Leftovers`), for there may be millions. What is left of it, its user and when it ran, counts for a day in the shares of users, and
// for as long as another job names it.
extension JobStore {
    /// No state of the protocol's: of a row that only `Leftovers` looks at.
    static let removed = "removed"

    /// Removes a job that has ended; models that it made stay. Throws `SqzError.noSuchJob`, `wrongState`, or `jobInUse` where others
    /// need it.
    public func remove(_ id: Int) async throws {
        try await database.write { database in
            let job = try Self.job(id, in: database)
            guard job.state.isEnd else { throw SqzError.wrongState(id: id, state: job.state) }
            let needing = try Int.fetchAll(
                database,
                sql: """
                    SELECT id FROM jobs WHERE state IN ('queued', 'running', 'paused')
                        AND (id IN (SELECT job FROM dependencies WHERE after = :id) OR maker = :id OR sweep = :sweep)
                    ORDER BY id LIMIT 20
                    """, arguments: ["id": id, "sweep": job.sweep])
            guard try needing.isEmpty && Self.isRemovable(id, in: database) else {
                throw SqzError.jobInUse(id: id, jobs: needing, sweep: job.sweep)
            }
            try Self.hide([id], in: database)
        }
    }

    /// Of a job's row: it has ended, and no job that has not needs it, nor a promotion that is due.
    static let isRemovable = """
        state IN ('succeeded', 'failed', 'cancelled')
        AND NOT EXISTS (SELECT 1 FROM dependencies JOIN jobs AS other ON other.id = dependencies.job
            WHERE dependencies.after = jobs.id AND other.state IN ('queued', 'running', 'paused'))
        AND NOT EXISTS (SELECT 1 FROM jobs AS other
            WHERE other.maker = jobs.id AND other.state IN ('queued', 'running', 'paused'))
        AND (sweep IS NULL OR NOT EXISTS (SELECT 1 FROM jobs AS other
            WHERE other.sweep = jobs.sweep AND other.state IN ('queued', 'running', 'paused')))
        AND NOT EXISTS (SELECT 1 FROM sweeps WHERE bestJob = jobs.id AND promoted = 0 AND problem IS NULL)
        """

    private static func isRemovable(_ id: Int, in database: Database) throws -> Bool {
        try Bool.fetchOne(database, sql: "SELECT \(isRemovable) FROM jobs WHERE id = ?", arguments: [id]) ?? false
    }

    /// From now on these jobs, which are removable, are not there.
    static func hide(_ ids: [Int], in database: Database) throws {
        guard !ids.isEmpty else { return }
        let list = list(ids)
        let sweeps = try String.fetchSet(
            database, sql: "SELECT sweep FROM jobs WHERE id IN (\(list)) AND sweep IS NOT NULL")
        try database.execute(
            sql: """
                INSERT OR IGNORE INTO leftovers SELECT id FROM jobs WHERE id IN (\(list));
                DELETE FROM dependencies WHERE job IN (\(list));
                UPDATE models SET job = NULL WHERE job IN (\(list));
                UPDATE sweeps SET bestJob = NULL WHERE bestJob IN (\(list));
                UPDATE jobs SET state = '\(removed)', options = '{}', dataset = NULL, model = NULL, base = NULL, maker = NULL,
                    reason = NULL, progress = NULL, outcome = NULL, name = NULL, note = NULL, sweep = NULL, varied = NULL,
                    best = NULL, deadline = NULL, timeLimit = NULL, bytes = 0, kept = 0, predicted = 0
                WHERE id IN (\(list));
                """)
        for sweep in sweeps {
            try database.execute(
                sql: "DELETE FROM sweeps WHERE name = ? AND NOT EXISTS (SELECT 1 FROM jobs WHERE sweep = sweeps.name)",
                arguments: [sweep])
        }
    }

    /// From now on these jobs, which have succeeded, have no predictions.
    static func hidePredictions(of ids: [Int], at time: Int, in database: Database) throws {
        guard !ids.isEmpty else { return }
        let list = list(ids)
        try database.execute(
            sql: """
                UPDATE jobs SET kept = max(0, kept - predicted), predicted = 0, predictionsRemovedAt = \(time)
                WHERE id IN (\(list));
                INSERT OR IGNORE INTO leftovers SELECT id FROM jobs WHERE id IN (\(list));
                """)
    }

    /// Those of the ids that are jobs'.
    public func known(_ ids: [Int]) async throws -> Set<Int> {
        try await read { database in
            try Int.fetchSet(
                database, sql: "SELECT id FROM jobs WHERE id IN (\(Self.list(ids))) AND state <> '\(Self.removed)'")
        }
    }
}
