internal import GRDB
public import SqzProtocol

/// A transition: the job after it, and the event that tells of it.
public struct Change: Sendable {
    /// nil where the job is new.
    public var before: State?
    public var job: Job
    public var event: Event
}

extension State {
    /// The transitions that exist. A retried job leaves its end again.
    func canBecome(_ next: State) -> Bool {
        switch (self, next) {
        case (.queued, .running), (.queued, .paused), (.queued, .cancelled), (.queued, .failed): true
        case (.running, .succeeded), (.running, .failed), (.running, .cancelled), (.running, .queued),
            (.running, .paused):
            true
        case (.paused, .queued), (.paused, .cancelled), (.paused, .failed): true
        case (.failed, .queued), (.cancelled, .queued): true
        default: false
        }
    }
}

// Every change of a job's state, each one transaction with the event that tells of it. Where a job's end means that others
// can never run, these are cancelled in the same transaction; the job's own change comes first.
extension JobStore {
    /// The job becomes `state`, for a reason that people can read. Throws `SqzError.jobEnded` or `wrongState`.
    public func move(_ id: Int, to state: State, reason: String? = nil, at time: Int) async throws -> [Change] {
        try await database.write { database in
            try Self.move(id, to: state, Event(time: time, kind: .state, reason: reason), in: database)
        }
    }

    /// As `move`, but only for a job that is in one of `states`; nil if it is running and that is none of them. `ifDue`: none
    /// but one whose time is over then.
    public func move(
        _ id: Int, from states: Set<State>, to state: State, reason: String?, at time: Int, ifDue due: Int? = nil
    ) async throws -> [Change]? {
        try await database.write { database in
            if let due, try !Self.isDue(id, at: due, in: database) { return [] }
            let current = try Self.job(id, in: database).state
            if current == .running, !states.contains(.running) { return nil }
            guard states.contains(current) else {
                throw current.isEnd
                    ? SqzError.jobEnded(id: id, state: current) : SqzError.wrongState(id: id, state: current)
            }
            return try Self.move(id, to: state, Event(time: time, kind: .state, reason: reason), in: database)
        }
    }

    /// A job that is paused, or has ended, goes back to the queue, unless as many wait already as may. Throws
    /// `SqzError.jobEnded`, `wrongState` or `queueFull`, or `invalidOption` where it could never run.
    public func putBack(
        _ id: Int, from states: Set<State>, _ launch: LaunchChange = .unchanged, reason: String, at time: Int,
        limits: QueueLimits
    ) async throws -> [Change] {
        try await database.write { database in
            if case .to(let launch) = launch {
                try database.execute(
                    sql: "UPDATE jobs SET ranks = ?, launcher = ? WHERE id = ?",
                    arguments: [launch?.ranks, launch?.launcher, id])
            }
            return try Self.putBack(id, from: states, reason: reason, at: time, limits: limits, in: database)
        }
    }

    static func putBack(
        _ id: Int, from states: Set<State>, reason: String, at time: Int, limits: QueueLimits, in database: Database
    ) throws -> [Change] {
        let job = try job(id, in: database)
        guard states.contains(job.state) else {
            throw job.state.isEnd
                ? SqzError.jobEnded(id: id, state: job.state) : SqzError.wrongState(id: id, state: job.state)
        }
        try job.after.forEach { try check($0, in: database) }
        try checkData(of: job, in: database)
        if let deadline = job.deadline, deadline <= time {
            throw SqzError.invalidOption(
                option: "deadline",
                reason: """
                    that of job \(id), \(Timestamp.text(deadline)), has passed; give it another one, or none: sqzctl limit \
                    \(id) --deadline none
                    """)
        }
        // A paused job counts already.
        if job.state.isEnd { try checkRoom(for: job.uid, limits, in: database) }
        return try move(id, to: .queued, Event(time: time, kind: .state, reason: reason), in: database)
    }

    /// The job has succeeded, and what it made is registered with it: both or neither. `place` puts the model's file where
    /// it belongs. Throws `SqzError.invalidOption` if the model's name belongs to another.
    ///
    /// - Parameter finish: as what the job ends otherwise, and why, where that is of a part.
    public func succeed(
        _ id: Int, _ outcome: Outcome, making model: NewModel? = nil, as finish: Finish? = nil, at time: Int,
        place: @escaping @Sendable () throws -> Void = {}
    ) async throws -> [Change] {
        try await database.write { database in
            var outcome = outcome
            if let model {
                outcome.model = try Self.insert(model, job: id, at: time, place, in: database)
            }
            let predictions = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM predictions WHERE job = ?", arguments: [id])
            if let predictions, predictions > 0 { outcome.predictions = predictions }
            let end = finish?.state ?? .succeeded
            let event = Event(
                time: time, kind: .state, reason: end == .succeeded ? nil : finish?.reason, outcome: outcome)
            let changes = try Self.move(id, to: end, event, in: database)
            return end != .succeeded
                ? changes : changes + (try Self.hand(outcome.model, of: id, at: time, in: database))
        }
    }

    /// An epoch has ended with these figures. Nil if that is known: a runner that goes on from a checkpoint tells again of
    /// what may not have been written down. One that was cancelled starts over.
    public func recordEpoch(_ progress: Progress, of id: Int, at time: Int) async throws -> Event? {
        let text = try jsonText(progress)
        return try await database.write { database in
            let last = try Int.fetchOne(
                database,
                sql: """
                    SELECT json_extract(progress, '$.epoch') FROM events
                    WHERE job = ? AND (kind = 'epoch' OR state = 'cancelled') ORDER BY sequence DESC LIMIT 1
                    """,
                arguments: [id])
            if let last, progress.epoch <= last { return nil }
            let best = try last.flatMap { _ in
                try Row.fetchOne(database, sql: "SELECT best FROM jobs WHERE id = ?", arguments: [id])?
                    .json(Progress.self, "best")
            }
            let isBest = best.map { progress.isBetter(than: $0) } ?? true
            try database.execute(
                sql:
                    "UPDATE jobs SET progress = :text, best = CASE WHEN :isBest THEN :text ELSE best END WHERE id = :id",
                arguments: ["text": text, "isBest": isBest, "id": id])
            return try Self.append(Event(time: time, kind: .epoch, progress: progress), to: id, in: database)
        }
    }

    /// A running job is to become `state` when it stops: kept, so that it also does if the daemon is killed before. Tells
    /// whether it is running, and, with `ifDue`, whether its time is over then.
    public func intend(_ id: Int, to state: State, reason: String, ifDue due: Int? = nil) async throws -> Bool {
        try await database.write { database in
            if let due, try !Self.isDue(id, at: due, in: database) { return false }
            try database.execute(
                sql: "UPDATE jobs SET intent = ?, intentReason = ? WHERE id = ? AND state = 'running'",
                arguments: [state.rawValue, reason, id])
            return database.changesCount == 1
        }
    }

    /// A running job waits for machines elsewhere from now on, or does not any more: meanwhile its time does not run.
    public func waits(_ id: Int, _ waits: Bool, at time: Int) async throws {
        try await database.write { database in
            try database.execute(
                sql: """
                    UPDATE jobs SET ranFor = CASE WHEN :waits THEN ranFor + max(0, :time - lastStart) ELSE ranFor END,
                        lastStart = :time, waits = :waits
                    WHERE id = :id AND state = 'running' AND waits <> :waits
                    """,
                arguments: ["id": id, "waits": waits, "time": time])
        }
    }

    /// So many bytes of checkpoints are the job's until it has succeeded or is cancelled; those of its log and of its
    /// predictions stay.
    public func keep(checkpoints: Int, log: Int, of id: Int) async throws {
        try await database.write { database in
            try database.execute(
                sql: """
                    UPDATE jobs SET bytes = :checkpoints, kept = :log + made.bytes, predicted = made.bytes FROM
                        (SELECT coalesce(sum(length(classes) + coalesce(length(CAST(file AS BLOB)), 0) + 16), 0) AS bytes
                            FROM predictions WHERE job = :id) AS made
                    WHERE id = :id
                    """,
                arguments: ["checkpoints": checkpoints, "log": log, "id": id])
        }
    }

    /// A job that has not ended gets another priority; tells of the one before. Throws `SqzError.noSuchJob` or `jobEnded`.
    public func prioritize(_ id: Int, _ priority: Int) async throws -> (before: Int, job: Job) {
        try await database.write { try Self.prioritize(id, priority, in: $0) }
    }

    static func prioritize(_ id: Int, _ priority: Int, in database: Database) throws -> (before: Int, job: Job) {
        let before = try job(id, in: database)
        guard !before.state.isEnd else { throw SqzError.jobEnded(id: id, state: before.state) }
        try database.execute(sql: "UPDATE jobs SET priority = ? WHERE id = ?", arguments: [priority, id])
        return (before.priority, try job(id, in: database))
    }

    /// Jobs that were running when the daemon ended go back to the queue, or become what they were intended to. How long they
    /// ran is known until the last that they told of: the daemon may have been away for long.
    public func requeueRunning(reason: String, at time: Int) async throws -> [Change] {
        try await database.write { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, intent, intentReason, (SELECT max(time) FROM events WHERE job = id) AS last
                    FROM jobs WHERE state = 'running' ORDER BY id
                    """)
            return try rows.flatMap { row in
                let intent: String? = row["intent"]
                return try Self.move(
                    row["id"], to: intent.flatMap(State.init(rawValue:)) ?? .queued,
                    Event(time: time, kind: .state, reason: row["intentReason"] ?? reason), ranUntil: row["last"],
                    in: database)
            }
        }
    }

    /// - Parameter ranUntil: when a running job stopped to run; nil: at the event's time.
    static func move(
        _ id: Int, to state: State, _ event: Event, ranUntil: Int? = nil, in database: Database
    ) throws -> [Change] {
        var changes = [try moveAlone(id, to: state, event, ranUntil: ranUntil, in: database)]
        // No recursion: a chain may be as long as the queue. A job that waits for several of these is met once, for by then it
        // does not wait any more.
        var next = 0
        while next < changes.count {
            let job = changes[next].job
            next += 1
            guard job.state.isEnd else { continue }
            changes += try cancelThoseThatWaitInVain(for: job.id, ended: job.state, event.time, in: database)
        }
        try chooseBest(after: changes, in: database)
        return changes
    }

    private static func moveAlone(
        _ id: Int, to state: State, _ event: Event, ranUntil: Int? = nil, in database: Database
    ) throws -> Change {
        let current = try job(id, in: database).state
        guard current.canBecome(state) else {
            throw current.isEnd
                ? SqzError.jobEnded(id: id, state: current) : SqzError.wrongState(id: id, state: current)
        }
        var event = event
        event.state = state
        if state == .running {
            try database.execute(
                sql:
                    "UPDATE jobs SET starts = starts + 1, startedAt = coalesce(startedAt, ?), lastStart = ? WHERE id = ?",
                arguments: [event.time, event.time, id])
        } else if current == .running {
            try database.execute(
                sql: """
                    UPDATE jobs SET ranFor = CASE WHEN waits THEN ranFor ELSE ranFor + max(0, ? - lastStart) END, waits = 0
                    WHERE id = ?
                    """,
                arguments: [ranUntil ?? event.time, id])
        } else if state == .queued {
            // Somebody wants it to be tried: what it crashed before is forgotten, and one that had ended has all its time.
            try database.execute(
                sql: """
                    UPDATE jobs SET crashes = 0, ranBefore = CASE WHEN ? THEN ranFor ELSE ranBefore END WHERE id = ?
                    """,
                arguments: [current.isEnd, id])
        }
        try database.execute(
            sql: """
                UPDATE jobs SET state = ?, reason = ?, outcome = ?, endedAt = ?, intent = NULL, intentReason = NULL,
                    notBefore = NULL, bytes = CASE WHEN ? THEN 0 ELSE bytes END,
                    finishAs = CASE WHEN ? THEN NULL ELSE finishAs END
                WHERE id = ?
                """,
            arguments: [
                state.rawValue, event.reason, try jsonText(event.outcome), state.isEnd ? event.time : nil,
                state == .succeeded || state == .cancelled, state.isEnd, id,
            ])
        event = try append(event, to: id, in: database)
        return Change(before: current, job: try job(id, in: database), event: event)
    }

    /// The jobs that wait directly for one that has ended otherwise.
    private static func cancelThoseThatWaitInVain(
        for id: Int, ended end: State, _ time: Int, in database: Database
    ) throws -> [Change] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT job, condition FROM dependencies JOIN jobs ON jobs.id = job
                WHERE after = ? AND state IN ('queued', 'paused') ORDER BY job
                """,
            arguments: [id])
        return try rows.compactMap { row in
            let dependency = try Dependency(job: id, row: row)
            guard !dependency.isMet(by: end) else { return nil }
            let reason = "job \(id), which it waited for, \(end.asEnd)"
            return try moveAlone(
                row["job"], to: .cancelled, Event(time: time, kind: .state, reason: reason), in: database)
        }
    }

    static func append(_ event: Event, to job: Int, in database: Database) throws -> Event {
        let last = try Int.fetchOne(database, sql: "SELECT max(sequence) FROM events WHERE job = ?", arguments: [job])
        var event = event
        event.sequence = 1 + (last ?? 0)
        try database.insert(into: "events", try event.columns(of: job))
        return event
    }
}
