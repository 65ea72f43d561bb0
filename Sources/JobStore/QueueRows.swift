internal import GRDB
internal import SqzProtocol

// The queue as it is on disk.
extension JobStore {
    /// How far back a user's use of the machine counts, in microseconds: a day.
    static let memory = 86_400 * 1_000_000

    static func forecast(_ outlook: Outlook, in database: Database) throws -> Forecast {
        Forecast(try queue(outlook, estimating: true, in: database))
    }

    /// - Parameter estimating: whether to find out how long jobs are likely to take, which the order of those that wait now
    ///   does not depend on.
    /// - Parameter busy: jobs that have their places still, whatever their states, and are not to start.
    static func queue(
        _ outlook: Outlook, estimating: Bool = false, busy: Set<Int> = [], in database: Database
    ) throws -> Queue {
        let durations = estimating ? try Durations(in: database) : nil
        return Queue(
            at: outlook.now, limits: outlook.limits, running: try running(outlook, busy, durations, in: database),
            waiting: try waiting(outlook, busy, durations, in: database),
            used: try used(at: outlook.now, in: database), after: try dependencies(in: database))
    }

    private static func running(
        _ outlook: Outlook, _ busy: Set<Int>, _ durations: Durations?, in database: Database
    ) throws -> [Queue.Running] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT id, uid, coalesce(CASE WHEN NOT waits THEN lastStart END, ?), launcher, \(Durations.columns) FROM jobs
                WHERE state = 'running' OR id IN (\(list(busy.sorted()))) ORDER BY id
                """,
            arguments: [outlook.now]
        ).map { row in
            let (id, since): (Int, Int) = (row[0], row[2])
            let guess = durations?.rest(of: row, from: 4).map { since + $0 }
            let end = outlook.ends[id] ?? guess
            return Queue.Running(
                id: id, uid: row[1], since: since, end: end.flatMap { $0 > outlook.now ? $0 : nil },
                launcher: outlook.limits.places(of: row[3]))
        }
    }

    /// A job whose deadline has passed is not going to run, even where it has not been told so yet.
    private static func waiting(
        _ outlook: Outlook, _ busy: Set<Int>, _ durations: Durations?, in database: Database
    ) throws -> [Queue.Waiting] {
        let more = durations == nil ? "" : ", \(Durations.columns)"
        let rows = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT id, uid, priority, notBefore, launcher\(more) FROM jobs
                    WHERE state = 'queued' AND (deadline IS NULL OR deadline > ?) ORDER BY id
                    """),
            arguments: [outlook.now])
        var waiting: [Queue.Waiting] = []
        while let row = try rows.next() {
            let id: Int = row[0]
            guard !busy.contains(id) else { continue }
            waiting.append(
                Queue.Waiting(
                    id: id, uid: row[1], priority: row[2], notBefore: row[3],
                    duration: durations?.rest(of: row, from: 5), launcher: outlook.limits.places(of: row[4])))
        }
        return waiting
    }

    private static func used(at time: Int, in database: Database) throws -> [Int: Int] {
        let rows = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT uid, ranFor FROM jobs WHERE lastStart IS NOT NULL AND endedAt IS NULL
                    UNION ALL SELECT uid, ranFor FROM jobs WHERE lastStart IS NOT NULL AND endedAt > ?
                    """),
            arguments: [time - memory])
        var used: [Int: Int] = [:]
        while let row = try rows.next() { used[row[0], default: 0] += row[1] as Int }
        return used
    }

    /// What each job waits for that has not ended, and whether it is likely to end as the job wants it to.
    private static func dependencies(in database: Database) throws -> [Int: [(other: Int, isLikely: Bool)]] {
        let rows = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT job, after, condition FROM jobs JOIN dependencies ON after = id
                    WHERE state IN ('queued', 'running', 'paused')
                    """))
        var found: [Int: [(other: Int, isLikely: Bool)]] = [:]
        while let row = try rows.next() {
            let dependency = try Dependency(job: row[1], row: row)
            found[row[0], default: []].append((dependency.job, dependency.condition != .failure))
        }
        return found
    }
}
