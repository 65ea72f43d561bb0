internal import GRDB

/// The daemon's records on disk: jobs, their transitions and figures, predictions, models and data sets, in one SQLite
/// file. What a method has returned from is on the disk (WAL, `synchronous=FULL`), and each method is one transaction, so
/// that the file tells at any moment a state in which the daemon could have been.
///
/// All methods suspend while SQLite works on a thread of its own; what users ask for all the time is prepared once
/// (`cachedStatement`). Times are microseconds since 1970.
public struct JobStore: Sendable {
    let database: DatabaseQueue
    let counter = JobCounter()
    let modelCache = ModelCache()
    /// What was found when the file was opened.
    public let condition: Condition

    /// Opens the file at `path`, or makes it, and brings an older one up to date. One that a newer version wrote is refused
    /// and left as it is, as is one that was not closed and is damaged.
    ///
    /// - Parameter patience: how long looking for damage may take.
    public init(path: String, patience: Duration = .seconds(20)) throws {
        var configuration = Configuration()
        configuration.label = "sqzd.store"
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            // Pages of 4 KiB that may stay in memory: the daemon is small when idle.
            try database.execute(sql: "PRAGMA cache_size = 64")
        }
        do {
            condition = try Self.wasClosed(path) ? .closed : Self.check(path, until: .now + patience)
            database = try DatabaseQueue(path: path, configuration: configuration)
            try database.read { database in
                guard try !Schema.migrator.hasBeenSuperseded(database) else { throw JobStoreError.newer(path: path) }
            }
            try database.inDatabase { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
            try Schema.migrator.migrate(database)
            database.add(transactionObserver: counter, extent: .databaseLifetime)
            database.add(transactionObserver: modelCache, extent: .databaseLifetime)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            throw JobStoreError.damaged(path: path, reason: "\(error)")
        } catch let error as DatabaseError {
            throw JobStoreError.unusable(path: path, reason: "\(error)")
        }
    }

    /// Reads what one moment was: the file is this connection's alone, and its queue takes one after the other. So it needs no
    /// transaction, nor what GRDB forbids writing by, for which SQLite would prepare every statement anew.
    func read<Result: Sendable>(_ body: @Sendable (Database) throws -> Result) async throws -> Result {
        try await database.unsafeRead(body)
    }

    /// Returns when SQLite has answered.
    public func check() async throws { _ = try await read { try Int.fetchOne($0, sql: "SELECT 1") } }

    /// Closes the file; nothing may be called after it.
    public func close() throws { try database.close() }
}

/// Why the records can't be used, or a transition can't be made.
public enum JobStoreError: Error, Equatable, CustomStringConvertible {
    case newer(path: String)
    case unusable(path: String, reason: String)
    case damaged(path: String, reason: String)

    /// Whether `error`, which a method has thrown, tells that there was no room for the records.
    public static func isOfFullDisk(_ error: any Error) -> Bool {
        (error as? DatabaseError)?.resultCode == .SQLITE_FULL
    }

    public var description: String {
        switch self {
        case .newer(let path): "\(path) was written by a newer version of sqzd; it was not touched"
        case .unusable(let path, let reason): "\(path) can't be used: \(reason)"
        case .damaged(let path, let reason):
            """
            \(path) is damaged and was left as it is: \(reason). Put a backup in its place, or what can be read of it \
            (sqlite3 \(path) .recover | sqlite3 recovered.db), or move the whole directory away to begin with nothing; \
            and look at the disk (smartctl, dmesg)
            """
        }
    }
}
