internal import GRDB
internal import GRDBSQLite
internal import Glibc

/// What was found when the records were opened.
public enum Condition: Sendable {
    /// They were closed the last time: nothing was looked for.
    case closed
    /// They were not, and are whole.
    case whole
    /// They were not, and there was no time to look at all of them.
    case unfinished
}

extension JobStore {
    /// Whether the file is new, or was closed: SQLite then removes the log that goes before it.
    static func wasClosed(_ path: String) -> Bool {
        var status = stat()
        return stat(path + "-wal", &status) != 0 || status.st_size == 0
    }

    /// Looks for pages that are not what they should be (`PRAGMA quick_check`), until a moment. Throws
    /// `JobStoreError.damaged`. The connection is one that can't write, for another would change the file when it is closed.
    static func check(_ path: String, until end: ContinuousClock.Instant) throws -> Condition {
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: path, configuration: configuration).inDatabase { database in
            // Asked every thousand steps of SQLite's, and at each page.
            var end = end
            return try withUnsafeMutablePointer(to: &end) { end in
                sqlite3_progress_handler(
                    database.sqliteConnection, 1_000,
                    { $0!.assumingMemoryBound(to: ContinuousClock.Instant.self).pointee < .now ? 1 : 0 }, end)
                defer { sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil) }
                do {
                    let found = try String.fetchAll(database, sql: "PRAGMA quick_check(3)")
                    guard found == ["ok"] else {
                        throw JobStoreError.damaged(path: path, reason: found.joined(separator: "; "))
                    }
                    return .whole
                } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
                    return .unfinished
                }
            }
        }
    }
}
