internal import GRDB
public import SqzProtocol

/// How often a job whose runner crashes is tried again, and when.
public struct RetryPolicy: Sendable {
    /// So often in a row without getting further; nil: for as long as it takes.
    public var retries: Int?
    /// How long it waits before the first retry, in microseconds. Each time after, it waits four times as long, but no longer
    /// than an hour where that is longer than this.
    public var delay: Int

    public init(retries: Int?, delay: Int) {
        self.retries = retries
        self.delay = delay
    }

    func delay(after crashes: Int) -> Int {
        (1..<crashes).reduce(delay) { delay, _ in min(delay * 4, max(self.delay, 3_600_000_000)) }
    }
}

extension JobStore {
    /// The runner of a job has crashed, or could not write. The job is queued again, to be tried after a while; or has failed, if it has come no
    /// further in its last tries.
    ///
    /// - Parameters:
    ///   - start: how far it was when this run began.
    ///   - reached: how far this run has come, as it told last.
    public func crash(
        _ id: Int, cause: String, from start: Progress?, reached: Progress?, _ policy: RetryPolicy, at time: Int
    ) async throws -> [Change] {
        try await database.write { database in
            var furthest = try Self.job(id, in: database).progress
            if let reached, reached.isBeyond(furthest) { furthest = reached }
            let before = try Int.fetchOne(database, sql: "SELECT crashes FROM jobs WHERE id = ?", arguments: [id]) ?? 0
            let crashes = furthest?.isBeyond(start) == true ? 1 : before + 1
            let isOver = policy.retries.map { crashes > $0 } ?? false
            let next = time + (isOver ? 0 : policy.delay(after: crashes))
            let reason =
                isOver
                ? "\(cause), \(crashes) times in a row without getting further"
                : "\(cause); it is tried again at \(Timestamp.text(next)), retry \(crashes)"
                    + (policy.retries.map { " of \($0)" } ?? "")
            try database.execute(
                sql: "UPDATE jobs SET progress = ? WHERE id = ?", arguments: [try jsonText(furthest), id])
            let changes = try Self.move(
                id, to: isOver ? .failed : .queued, Event(time: time, kind: .state, reason: reason), in: database)
            try database.execute(
                sql: "UPDATE jobs SET crashes = ?, notBefore = ? WHERE id = ?",
                arguments: [crashes, isOver ? nil : next, id])
            return changes
        }
    }
}

extension Progress {
    /// Whether this is further than another.
    fileprivate func isBeyond(_ other: Progress?) -> Bool {
        guard let other else { return true }
        return (epoch, step) > (other.epoch, other.step)
    }
}
