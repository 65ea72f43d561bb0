internal import GRDB
public import SqzProtocol

extension JobStore {
    /// A job that has not succeeded gets another deadline (microseconds since 1970) or time limit (seconds); nil leaves it as
    /// it is, 0 takes it away. Tells of the job before. Throws `SqzError.noSuchJob`, `jobEnded`, or `invalidOption` where
    /// the limit is used up, or it is too late.
    public func limit(
        _ id: Int, deadline: Int?, timeLimit: Int?, at time: Int
    ) async throws -> (before: Job, job: Job) {
        try await database.write { database in
            let before = try Self.job(id, in: database)
            guard before.state != .succeeded else { throw SqzError.jobEnded(id: id, state: before.state) }
            try Self.checkIsNotFailing(before, in: database)
            if let timeLimit, timeLimit > 0, !before.state.isEnd {
                try Self.check(timeLimit, of: before, at: time, in: database)
            }
            func value(_ new: Int?, _ old: Int?) -> Int? { new.map { $0 == 0 ? nil : $0 } ?? old }
            try database.execute(
                sql: "UPDATE jobs SET deadline = ?, timeLimit = ? WHERE id = ?",
                arguments: [value(deadline, before.deadline), value(timeLimit, before.timeLimit), id])
            return (before, try Self.job(id, in: database))
        }
    }

    /// A running job whose time was over has been told to end.
    private static func checkIsNotFailing(_ job: Job, in database: Database) throws {
        let reason = try String.fetchOne(
            database,
            sql: """
                SELECT coalesce(finishReason, intentReason) FROM jobs
                WHERE id = ? AND 'failed' IN (coalesce(intent, ''), coalesce(finishAs, ''))
                """, arguments: [job.id])
        guard let reason else { return }
        throw SqzError.invalidOption(
            option: "id", reason: "job \(job.id) is about to end: \(reason); it can be changed then, and retried")
    }

    /// Refuses a limit that would end the job at once; one that has ended has all of it again when it is retried.
    private static func check(_ timeLimit: Int, of job: Job, at time: Int, in database: Database) throws {
        let ran = try Int.fetchOne(
            database,
            sql: """
                SELECT ranFor - ranBefore + CASE WHEN state = 'running' AND NOT waits THEN max(0, ? - lastStart) ELSE 0 END
                FROM jobs WHERE id = ?
                """,
            arguments: [time, job.id])
        guard let ran, ran >= timeLimit * 1_000_000 else { return }
        throw SqzError.invalidOption(
            option: "timeLimit",
            reason: "job \(job.id) has run for \(ran / 1_000_000) s already: must be more, is \(timeLimit)"
        )
    }
}
