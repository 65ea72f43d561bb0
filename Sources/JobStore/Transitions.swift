internal import GRDB
public import SqzProtocol
public import Varlink

/// A job as it is asked for.
public struct Submission: Sendable {
    public var kind: String
    public var runner: String
    public var uid: Int
    public var priority: Int
    public var options: [String: JSONValue]
    public var dataset: String?
    public var model: String?
    public var after: [Int]

    public init(
        kind: String, runner: String, uid: Int, priority: Int = 0, options: [String: JSONValue] = [:],
        dataset: String? = nil, model: String? = nil, after: [Int] = []
    ) {
        self.kind = kind
        self.runner = runner
        self.uid = uid
        self.priority = priority
        self.options = options
        self.dataset = dataset
        self.model = model
        self.after = after
    }
}

extension State {
    /// The transitions that exist.
    func canBecome(_ next: State) -> Bool {
        switch (self, next) {
        case (.queued, .running), (.queued, .paused), (.queued, .cancelled), (.queued, .failed): true
        case (.running, .succeeded), (.running, .failed), (.running, .cancelled), (.running, .queued),
            (.running, .paused):
            true
        case (.paused, .queued), (.paused, .cancelled): true
        default: false
        }
    }
}

// Every change of a job's state, each one transaction with the event that tells of it.
extension JobStore {
    /// Adds a job to the queue unless `limit` jobs are queued already in all, or `userLimit` by its user.
    public func submit(
        _ submission: Submission, at time: Int, limit: Int, userLimit: Int
    ) async throws -> (job: Job, event: Event) {
        let options = try jsonText(submission.options)
        return try await database.write { database in
            let queued = try Self.count(database, "state = 'queued'")
            guard queued < limit else { throw SqzError.queueFull(limit: limit, queued: queued, uid: nil) }
            let mine = try Self.count(database, "state = 'queued' AND uid = \(submission.uid)")
            guard mine < userLimit else {
                throw SqzError.queueFull(limit: userLimit, queued: mine, uid: submission.uid)
            }
            try database.execute(
                sql: """
                    INSERT INTO jobs (kind, runner, state, uid, priority, options, dataset, model, submittedAt)
                    VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    submission.kind, submission.runner, submission.uid, submission.priority, options,
                    submission.dataset, submission.model, time,
                ])
            let id = Int(database.lastInsertedRowID)
            for other in Set(submission.after) {
                guard try Self.count(database, "id = \(other)") == 1, other != id else {
                    throw SqzError.noSuchJob(id: other)
                }
                try database.execute(sql: "INSERT INTO dependencies VALUES (?, ?)", arguments: [id, other])
            }
            let event = try Self.append(Event(time: time, kind: .state, state: .queued), to: id, in: database)
            return (try Self.job(id, in: database), event)
        }
    }

    /// The job that is to run next becomes running; nil where none may run.
    public func startNext(at time: Int) async throws -> (job: Job, event: Event)? {
        try await database.write { database in
            guard
                let id = try Int.fetchOne(
                    database,
                    sql: """
                        SELECT id FROM jobs WHERE state = 'queued' AND NOT EXISTS (
                            SELECT 1 FROM dependencies JOIN jobs other ON other.id = after
                            WHERE job = jobs.id AND other.state IN ('queued', 'running', 'paused')
                        ) ORDER BY priority DESC, id LIMIT 1
                        """)
            else { return nil }
            try database.execute(
                sql: "UPDATE jobs SET starts = starts + 1, startedAt = coalesce(startedAt, ?) WHERE id = ?",
                arguments: [time, id])
            return try Self.move(id, to: .running, Event(time: time, kind: .state), in: database)
        }
    }

    /// The job becomes `state`, for a reason that people can read.
    public func move(_ id: Int, to state: State, reason: String? = nil, at time: Int) async throws -> (
        job: Job, event: Event
    ) {
        try await database.write { database in
            try Self.move(id, to: state, Event(time: time, kind: .state, reason: reason), in: database)
        }
    }

    /// The job has succeeded, and what it made is registered with it: both or neither. `place` puts the model's file where
    /// it belongs.
    public func succeed(
        _ id: Int, _ outcome: Outcome, making model: NewModel? = nil, at time: Int,
        place: @escaping @Sendable () throws -> Void = {}
    ) async throws -> (job: Job, event: Event) {
        try await database.write { database in
            var outcome = outcome
            if let model {
                try place()
                let version = try Self.insert(model, job: id, at: time, in: database)
                outcome.model = "\(model.name)@\(version)"
            }
            let predictions = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM predictions WHERE job = ?", arguments: [id])
            if let predictions, predictions > 0 { outcome.predictions = predictions }
            return try Self.move(id, to: .succeeded, Event(time: time, kind: .state, outcome: outcome), in: database)
        }
    }

    /// An epoch has ended with these figures.
    public func recordEpoch(_ progress: Progress, of id: Int, at time: Int) async throws -> Event {
        let text = try jsonText(progress)
        return try await database.write { database in
            try database.execute(sql: "UPDATE jobs SET progress = ? WHERE id = ?", arguments: [text, id])
            return try Self.append(Event(time: time, kind: .epoch, progress: progress), to: id, in: database)
        }
    }

    /// Cancels a job that waits; nil if it is running.
    public func cancelWaiting(_ id: Int, reason: String, at time: Int) async throws -> (job: Job, event: Event)? {
        try await database.write { database in
            guard try Self.job(id, in: database).state != .running else { return nil }
            return try Self.move(id, to: .cancelled, Event(time: time, kind: .state, reason: reason), in: database)
        }
    }

    /// Jobs that were running when the daemon ended go back to the queue; gives their ids.
    public func requeueRunning(reason: String, at time: Int) async throws -> [Int] {
        try await database.write { database in
            let ids = try Int.fetchAll(database, sql: "SELECT id FROM jobs WHERE state = 'running' ORDER BY id")
            for id in ids {
                _ = try Self.move(id, to: .queued, Event(time: time, kind: .state, reason: reason), in: database)
            }
            return ids
        }
    }

    private static func count(_ database: Database, _ condition: String) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM jobs WHERE \(condition)") ?? 0
    }

    private static func move(
        _ id: Int, to state: State, _ event: Event, in database: Database
    ) throws -> (job: Job, event: Event) {
        let current = try job(id, in: database).state
        guard !current.isEnd else { throw SqzError.jobEnded(id: id, state: current) }
        guard current.canBecome(state) else { throw JobStoreError.wrongState(job: id, state: current, wanted: state) }
        var event = event
        event.state = state
        try database.execute(
            sql: "UPDATE jobs SET state = ?, reason = ?, outcome = ?, endedAt = ? WHERE id = ?",
            arguments: [
                state.rawValue, event.reason, try jsonText(event.outcome), state.isEnd ? event.time : nil, id,
            ])
        event = try append(event, to: id, in: database)
        return (try job(id, in: database), event)
    }

    private static func append(_ event: Event, to job: Int, in database: Database) throws -> Event {
        var event = event
        event.sequence =
            1
            + (try Int.fetchOne(database, sql: "SELECT max(sequence) FROM events WHERE job = ?", arguments: [job]) ?? 0)
        try database.execute(
            sql: """
                INSERT INTO events (job, sequence, time, kind, state, reason, progress, outcome)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                job, event.sequence, event.time, event.kind.rawValue, event.state?.rawValue, event.reason,
                try jsonText(event.progress), try jsonText(event.outcome),
            ])
        return event
    }
}
