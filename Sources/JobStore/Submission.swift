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
    public var after: [Dependency]

    public init(
        kind: String, runner: String, uid: Int, priority: Int = 0, options: [String: JSONValue] = [:],
        dataset: String? = nil, model: String? = nil, after: [Dependency] = []
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

extension Dependency {
    /// Whether a job that ended so lets the one that waits for it run.
    func isMet(by end: State) -> Bool {
        switch condition {
        case .success: end == .succeeded
        case .failure: end == .failed
        case .any: true
        }
    }
}

extension JobStore {
    /// Adds a job to the queue unless `limit` jobs are queued already in all, or `userLimit` by its user.
    public func submit(_ submission: Submission, at time: Int, limit: Int, userLimit: Int) async throws -> Change {
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
            for dependency in submission.after { try Self.add(dependency, to: id, in: database) }
            let event = try Self.append(Event(time: time, kind: .state, state: .queued), to: id, in: database)
            return Change(job: try Self.job(id, in: database), event: event)
        }
    }

    private static func add(_ dependency: Dependency, to id: Int, in database: Database) throws {
        guard dependency.job != id else { throw SqzError.noSuchJob(id: id) }
        let state = try job(dependency.job, in: database).state
        guard !state.isEnd || dependency.isMet(by: state) else {
            throw SqzError.invalidOption(
                option: "after",
                reason: "job \(dependency.job) has \(state.rawValue) already, so this one would never run")
        }
        try database.execute(
            sql: "INSERT OR REPLACE INTO dependencies VALUES (?, ?, ?)",
            arguments: [id, dependency.job, dependency.condition.rawValue])
    }

    static func count(_ database: Database, _ condition: String) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM jobs WHERE \(condition)") ?? 0
    }
}
