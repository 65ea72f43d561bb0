internal import GRDB
internal import SqzProtocol
internal import Synchronization

/// Knows how many jobs are in each state, so that they are counted once after a transaction that changed it, however often
/// they are asked for.
final class JobCounter: TransactionObserver, Sendable {
    /// Nil from the first change of a transaction until they are counted again. Only what runs in the database's queue sets
    /// it, so that it is that of the last transaction.
    private let counts = Mutex<JobCounts?>(nil)

    func current(in store: JobStore) async throws -> JobCounts {
        if let counts = counts.withLock(\.self) { return counts }
        return try await store.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT state, count(*) AS count FROM jobs GROUP BY state")
            let found = Dictionary(uniqueKeysWithValues: rows.map { ($0["state"] as String, $0["count"] as Int) })
            func count(_ state: State) -> Int { found[state.rawValue] ?? 0 }
            let counts = JobCounts(
                queued: count(.queued), running: count(.running), paused: count(.paused), succeeded: count(.succeeded),
                failed: count(.failed), cancelled: count(.cancelled))
            self.counts.withLock { $0 = counts }
            return counts
        }
    }

    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool {
        switch kind {
        case .insert(let table), .delete(let table): table == "jobs"
        case .update(let table, let columns): table == "jobs" && columns.contains("state")
        }
    }

    func databaseDidChange(with event: DatabaseEvent) {
        counts.withLock { $0 = nil }
        stopObservingDatabaseChangesUntilNextTransaction()
    }

    func databaseDidCommit(_ database: Database) {}
    func databaseDidRollback(_ database: Database) {}
}
