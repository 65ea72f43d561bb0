internal import GRDB
public import SqzProtocol

/// As what a job ends that was told to finish, when it has made a model of what it has: as one that has succeeded, unless it
/// was cancelled or its time was over.
public struct Finish: Equatable, Sendable {
    public var state: State
    public var reason: String

    public init(_ state: State, reason: String) {
        self.state = state
        self.reason = reason
    }
}

// A job that is told to finish stays so, whatever becomes of its runner or of the daemon, until it has ended. No deadline and no
// time limit count then.
extension JobStore {
    /// The job is to finish. One that runs is told so by its runner; one that is paused or has failed goes back to the queue.
    /// Throws `SqzError.jobEnded`, or `queueFull`.
    ///
    /// - Parameter ifDue: nothing becomes of a job whose time is not over then: nil.
    /// - Returns: the job as it was, and the transitions.
    public func finish(
        _ id: Int, _ finish: Finish, at time: Int, limits: QueueLimits, ifDue due: Int? = nil
    ) async throws -> (before: Job, changes: [Change])? {
        try await database.write { database in
            if let due, try !Self.isDue(id, at: due, in: database) { return nil }
            let job = try Self.job(id, in: database)
            guard job.state != .succeeded, job.state != .cancelled else {
                throw SqzError.jobEnded(id: id, state: job.state)
            }
            var changes: [Change] = []
            if job.state == .paused || job.state == .failed {
                try Self.checkData(of: job, in: database)
                if job.state.isEnd { try Self.checkRoom(for: job.uid, limits, in: database) }
                let event = Event(time: time, kind: .state, reason: "is to finish: \(finish.reason)")
                changes = try Self.move(id, to: .queued, event, in: database)
            }
            try database.execute(
                sql: "UPDATE jobs SET finishAs = ?, finishReason = ?, notBefore = NULL WHERE id = ?",
                arguments: [finish.state.rawValue, finish.reason, id])
            return (job, changes)
        }
    }

    /// As what a job is to finish; nil where it was not told to.
    public func finish(of id: Int) async throws -> Finish? {
        try await read { database in
            let row = try Row.fetchOne(
                database, sql: "SELECT finishAs, finishReason FROM jobs WHERE id = ? AND finishAs IS NOT NULL",
                arguments: [id])
            return row.flatMap { row in
                State(rawValue: row["finishAs"]).map { Finish($0, reason: row["finishReason"] ?? "") }
            }
        }
    }
}
