internal import GRDB
public import SqzProtocol

// Which job is next, and what the others wait for.
extension JobStore {
    /// The job that is to run next becomes running; nil where none may run. Those in `busy` can't yet.
    public func startNext(at time: Int, limits: RunningLimits, busy: Set<Int> = []) async throws -> Change? {
        try await database.write { database in
            var queue = try Self.queue(Outlook(now: time, limits: limits), busy: busy, in: database)
            guard let next = queue.takeNext() else { return nil }
            return try Self.move(next.id, to: .running, Event(time: time, kind: .state), in: database).first
        }
    }

    /// The job of the lowest priority that runs on this machine, of several the newest, and the one that would run next here if
    /// there were room, if that has a higher one.
    public func preemption(at time: Int, limits: RunningLimits) async throws -> (running: Int, next: Int)? {
        try await read { database in
            let lowest = try Row.fetchOne(
                database,
                sql: """
                    SELECT id, priority FROM jobs WHERE state = 'running' AND priority <
                        (SELECT max(priority) FROM jobs WHERE state = 'queued')
                        AND coalesce(launcher, '') NOT IN (SELECT value FROM json_each(?))
                    ORDER BY priority, id DESC LIMIT 1
                    """,
                arguments: [try jsonText(limits.launchers.keys.sorted())])
            guard let lowest else { return nil }
            var queue = try Self.queue(Outlook(now: time, limits: limits), in: database)
            guard let next = queue.takeNext(evenIfFull: true), next.launcher == nil, next.priority > lowest["priority"]
            else { return nil }
            return (lowest["id"], next.id)
        }
    }

    /// Jobs in the order in which they are going to run.
    public func waitingJobs(limit: Int, _ outlook: Outlook) async throws -> [Job] {
        try await read { database in
            let forecast = try Self.forecast(outlook, in: database)
            let ids = forecast.order.prefix(limit)
            let jobs = try Self.jobs(Array(ids), in: database).map { ($0.id, $0) }
            let byID = Dictionary(uniqueKeysWithValues: jobs)
            return try Self.explain(ids.compactMap { byID[$0] }, forecast, outlook, in: database)
        }
    }

    /// Completes jobs by why they wait, at which place, and when they are likely to start and to end.
    static func explain(_ jobs: [Job], _ outlook: Outlook, in database: Database) throws -> [Job] {
        guard jobs.contains(where: { $0.state == .queued || $0.state == .running }) else { return jobs }
        return try explain(jobs, try forecast(outlook, in: database), outlook, in: database)
    }

    private static func explain(
        _ jobs: [Job], _ forecast: Forecast, _ outlook: Outlook, in database: Database
    ) throws -> [Job] {
        let open = try openDependencies(
            of: jobs.filter { $0.state == .queued && !$0.after.isEmpty }.map(\.id), in: database)
        return jobs.map { job in
            guard let place = forecast.places[job.id] else { return job }
            var job = job
            job.position = place.position
            job.expectedStart = place.start
            job.expectedEnd = place.end
            if let others = open[job.id] {
                job.reason = "waits for \(others.map { "job \($0)" }.joined(separator: ", "))"
            } else if case .userLimit(let count)? = place.wait {
                job.reason = "waits because uid \(job.uid) already runs \(count), the limit for each user"
            } else if case .turn? = place.wait {
                // What put it back into the queue is of interest, too.
                job.reason = (job.reason.map { $0 + "; " } ?? "") + "waits for its turn"
            }
            return job
        }
    }

    private static func openDependencies(of jobs: [Int], in database: Database) throws -> [Int: [Int]] {
        guard !jobs.isEmpty else { return [:] }
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT job, after FROM dependencies JOIN jobs ON jobs.id = after
                WHERE job IN (\(list(jobs))) AND state IN ('queued', 'running', 'paused') ORDER BY after
                """)
        return rows.reduce(into: [:]) { $0[$1["job"] as Int, default: []].append($1["after"] as Int) }
    }

    static func list(_ ids: [Int]) -> String { ids.map(String.init).joined(separator: ", ") }
}
