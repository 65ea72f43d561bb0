internal import GRDB
public import SqzProtocol

// What users remove at once of what has ended, and what there is of it. Uploads are none of the store's.
extension JobStore {
    /// Which jobs a kind is of, and what of them goes.
    private struct Prunable {
        let condition: String
        let bytes: String

        init?(_ kind: PruneKind) {
            switch kind {
            case .jobs: (condition, bytes) = (isRemovable, "bytes + kept")
            case .predictions: (condition, bytes) = ("predicted > 0 AND state = 'succeeded'", "predicted")
            case .checkpoints: (condition, bytes) = ("bytes > 0 AND state = 'failed'", "bytes")
            case .uploads: return nil
            }
        }

        /// With whose they are and when they ended at the latest, where that is said.
        var meant: String {
            "\(condition) AND uid = coalesce(:uid, uid) AND (:before IS NULL OR endedAt < :before)"
        }
    }

    /// What `prune` would remove.
    /// - Parameter isAfterJobs: of what is left when jobs were pruned.
    public func prunable(
        _ kind: PruneKind, of uid: Int?, before: Int?, isAfterJobs: Bool = false
    ) async throws -> [PrunedPart] {
        guard let prunable = Prunable(kind) else { return [] }
        return try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT uid, count(*) AS count, sum(\(prunable.bytes)) AS bytes FROM jobs WHERE \(prunable.meant)
                        \(isAfterJobs ? "AND NOT (\(Self.isRemovable))" : "")
                    GROUP BY uid ORDER BY uid
                    """, arguments: ["uid": uid, "before": before]
            ).map { PrunedPart(uid: $0["uid"], what: kind, count: $0["count"], bytes: $0["bytes"]) }
        }
    }

    /// Removes what is of so many jobs. `tidy` gets those that may be retried and have no checkpoints from now on, before any is
    /// retried; the files of jobs that are removed are for the caller. Nothing is left where it gives nothing.
    public func prune(
        _ kind: PruneKind, of uid: Int?, before: Int?, at time: Int, limit: Int,
        tidy: @escaping @Sendable ([Int]) throws -> Void
    ) async throws -> [(id: Int, uid: Int, bytes: Int)] {
        guard let prunable = Prunable(kind) else { return [] }
        return try await database.write { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, uid, \(prunable.bytes) AS bytes FROM jobs WHERE \(prunable.meant) ORDER BY id LIMIT :limit
                    """, arguments: ["uid": uid, "before": before, "limit": limit])
            let ids = rows.map { $0["id"] as Int }
            switch kind {
            case .jobs: try Self.hide(ids, in: database)
            case .predictions: try Self.hidePredictions(of: ids, at: time, in: database)
            case .checkpoints: try Self.dropCheckpoints(of: ids, tidy, in: database)
            case .uploads: break
            }
            return rows.map { ($0["id"], $0["uid"], $0["bytes"]) }
        }
    }

    /// Removes checkpoints that nothing can need: of failed jobs that can't be retried, as a version of a model that they used or
    /// tuned was removed, and none is given out twice. `tidy` as for `prune`.
    public func dropUselessCheckpoints(tidy: @escaping @Sendable ([Int]) throws -> Void) async throws -> [Int] {
        try await database.write { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, base, CASE WHEN instr(model, '@') > 0 THEN model END AS used FROM jobs
                    WHERE +state = 'failed' AND bytes > 0 AND (base IS NOT NULL OR instr(model, '@') > 0)
                    """)
            let ids = try rows.filter { row in
                try [row["base"] as String?, row["used"]].compactMap { $0 }.contains { model in
                    guard let (name, version) = try Self.version(of: model, in: database) else { return true }
                    let sql = "SELECT 1 FROM models WHERE name = ? AND version = ?"
                    return try Int.fetchOne(database, sql: sql, arguments: [name, version]) == nil
                }
            }.map { $0["id"] as Int }
            try Self.dropCheckpoints(of: ids, tidy, in: database)
            return ids
        }
    }

    private static func dropCheckpoints(
        of ids: [Int], _ tidy: ([Int]) throws -> Void, in database: Database
    ) throws {
        guard !ids.isEmpty else { return }
        try database.execute(sql: "UPDATE jobs SET bytes = 0 WHERE id IN (\(list(ids)))")
        // Whoever retries one of them waits for this transaction.
        try tidy(ids)
    }
}
