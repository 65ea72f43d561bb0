internal import GRDB
public import SqzProtocol

extension JobStore {
    /// What each user has on the disk, by kind, but for uploads.
    public func diskParts() async throws -> [DiskPart] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT uid, 'datasets' AS what, count(*) AS count, sum(size) AS bytes, 0 AS removable, 0 AS removableBytes
                    FROM datasets GROUP BY uid
                    UNION ALL SELECT uid, 'models', count(*), sum(size), 0, 0 FROM models GROUP BY uid
                    UNION ALL SELECT uid, 'predictions', count(*), sum(predicted), sum(state = 'succeeded'),
                        sum(CASE WHEN state = 'succeeded' THEN predicted ELSE 0 END)
                    FROM jobs WHERE kept > 0 AND predicted > 0 GROUP BY uid
                    UNION ALL SELECT uid, 'logs', count(*), sum(kept - predicted), sum(endedAt IS NOT NULL),
                        sum(CASE WHEN endedAt IS NOT NULL THEN kept - predicted ELSE 0 END)
                    FROM jobs WHERE kept > predicted AND kept > 0 GROUP BY uid
                    UNION ALL SELECT uid, 'checkpoints', count(*), sum(bytes), sum(state = 'failed'),
                        sum(CASE WHEN state = 'failed' THEN bytes ELSE 0 END)
                    FROM jobs WHERE bytes > 0 GROUP BY uid
                    """
            ).map { row in
                let what: String = row["what"]
                guard let kind = DiskKind(rawValue: what) else { throw DatabaseError(message: "unknown kind \(what)") }
                return DiskPart(
                    uid: row["uid"], what: kind, count: row["count"], bytes: row["bytes"], removable: row["removable"],
                    removableBytes: row["removableBytes"])
            }
        }
    }

    /// Bytes of the records' file that are left of what was removed, and are used again.
    public func unusedBytes() async throws -> Int {
        try await read { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
            return pages * (try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0)
        }
    }
}
