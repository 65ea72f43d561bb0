internal import GRDB
public import SqzProtocol
internal import Varlink

/// Jobs that are asked for together: all of them or none.
public struct SweepSubmission: Sendable {
    /// nil: that of its first job's id.
    public var name: String?
    /// The option that only repeats a job, as the seed.
    public var repeated: String?
    /// Whether the best model is promoted when the last job has ended.
    public var promoteBest: Bool
    /// At least one, all of one user's.
    public var members: [Submission]

    public init(name: String? = nil, repeated: String? = nil, promoteBest: Bool = false, members: [Submission]) {
        self.name = name
        self.repeated = repeated
        self.promoteBest = promoteBest
        self.members = members
    }
}

extension JobStore {
    /// Adds all jobs of a sweep to the queue, or none. Throws `SqzError.queueFull`, or `invalidOption` where another sweep has its
    /// name.
    public func submit(
        _ sweep: SweepSubmission, at time: Int, limits: QueueLimits
    ) async throws -> (name: String, changes: [Change]) {
        try await database.write { database in
            guard let first = sweep.members.first else { throw DatabaseError(message: "a sweep without jobs") }
            try Self.checkRoom(for: first.uid, jobs: sweep.members.count, limits, in: database)
            let name = try sweep.name ?? Self.nextName(in: database)
            if let other = try Self.knownSweep(name, in: database) {
                throw SqzError.invalidOption(
                    option: "name",
                    reason: """
                        uid \(other.uid) has a sweep \(name) already, of \(Timestamp.text(other.submittedAt)); right would be \
                        another name
                        """)
            }
            try database.insert(
                into: "sweeps",
                [
                    "name": name, "kind": first.kind, "uid": first.uid, "submittedAt": time, "repeated": sweep.repeated,
                    "promoteBest": sweep.promoteBest,
                ])
            let changes = try sweep.members.map { member in
                var member = member
                (member.sweep, member.name) = (name, name)
                return try Self.insert(member, at: time, in: database)
            }
            return (name, changes)
        }
    }

    /// Of a sweep that has none of its own: no id is given out twice.
    private static func nextName(in database: Database) throws -> String {
        let last = try Int.fetchOne(database, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'jobs'")
        return "\(Limits.sweepPrefix)\((last ?? 0) + 1)"
    }

    /// Throws `SqzError.noSuchSweep`.
    public func sweep(_ name: String) async throws -> Sweep { try await read { try Self.sweep(name, in: $0) } }

    static func sweep(_ name: String, in database: Database) throws -> Sweep {
        guard let sweep = try knownSweep(name, in: database) else {
            let known = try String.fetchAll(
                database, sql: "SELECT name FROM sweeps ORDER BY submittedAt DESC, name LIMIT 20")
            throw SqzError.noSuchSweep(name: name, known: known)
        }
        return sweep
    }

    private static func knownSweep(_ name: String, in database: Database) throws -> Sweep? {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT sweeps.*, models.name || '@' || models.version AS best
                FROM sweeps LEFT JOIN models ON models.job = bestJob WHERE sweeps.name = ?
                """, arguments: [name])
        return row.map { row in
            Sweep(
                name: row["name"], kind: row["kind"], uid: row["uid"], submittedAt: row["submittedAt"],
                repeated: row["repeated"], promoteBest: row["promoteBest"], best: row["best"], bestJob: row["bestJob"],
                promoted: row["promoted"], problem: row["problem"])
        }
    }

    /// A sweep and its jobs, in the order in which they were submitted. Throws `SqzError.noSuchSweep`.
    public func sweep(_ name: String, _ outlook: Outlook) async throws -> (sweep: Sweep, members: [SweepMember]) {
        try await read { database in
            let sweep = try Self.sweep(name, in: database)
            let rows = try Row.fetchAll(
                database, sql: "SELECT id, varied, best FROM jobs WHERE sweep = ? ORDER BY id", arguments: [name])
            let jobs = try Self.explain(
                try Self.jobs(rows.map { $0["id"] }, in: database).reversed(), outlook, in: database)
            let members = try zip(jobs, rows).map { job, row in try SweepMember(job, row) }
            return (sweep, members)
        }
    }

    static func ids(ofSweep name: String, in states: Set<State>, _ database: Database) throws -> [Int] {
        _ = try sweep(name, in: database)
        let words = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try Int.fetchAll(
            database, sql: "SELECT id FROM jobs WHERE sweep = ? AND state IN (\(words)) ORDER BY id", arguments: [name])
    }
}

extension SweepMember {
    /// Figures of what the job made; those of its best epoch while it has not succeeded.
    fileprivate init(_ job: Job, _ row: Row) throws {
        let options = try row.json([String: JSONValue].self, "varied") ?? [:]
        let best = try row.json(Progress.self, "best")
        if job.state == .succeeded, let outcome = job.outcome, outcome.accuracy != nil || outcome.loss != nil {
            self.init(
                job: job, options: options, epoch: best?.validationAccuracy == outcome.accuracy ? best?.epoch : nil,
                loss: outcome.loss, accuracy: outcome.accuracy)
        } else {
            let isMeasured = best?.validationAccuracy != nil || best?.validationLoss != nil
            self.init(
                job: job, options: options, epoch: isMeasured ? best?.epoch : nil, loss: best?.validationLoss,
                accuracy: best?.validationAccuracy)
        }
    }
}

extension Progress {
    /// Whether its validation came out better than another's; the first of equals is the best.
    func isBetter(than other: Progress) -> Bool {
        switch (validationAccuracy, other.validationAccuracy) {
        case (let mine?, let others?) where mine != others: return mine > others
        case (.some, nil): return true
        case (nil, .some): return false
        default: break
        }
        guard let loss = validationLoss else { return false }
        return other.validationLoss.map { loss < $0 } ?? true
    }
}
