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
    /// The job that is to make the model, which `model` names without a version.
    public var maker: Int?
    /// The model that is tuned, with its version.
    public var base: String?
    public var after: [Dependency]
    /// It waits to be resumed before it waits for its turn.
    public var isHeld: Bool
    /// Seconds that it may run, over all its runs.
    public var timeLimit: Int?
    /// Microseconds since 1970.
    public var deadline: Int?
    /// It leaves a model of what it has when it is cancelled or its time is over.
    public var keepsPartial: Bool
    /// Where it is more than the one process that the daemon starts itself.
    public var launch: Launch?
    /// Its submitter's words for it.
    public var name: String?
    public var note: String?
    /// The sweep that it is a job of.
    var sweep: String?
    /// Its own options in its sweep, which are among `options`.
    public var varied: [String: JSONValue]?

    public init(
        kind: String, runner: String, uid: Int, priority: Int = 0, options: [String: JSONValue] = [:],
        dataset: String? = nil, model: String? = nil, maker: Int? = nil, base: String? = nil, after: [Dependency] = [],
        isHeld: Bool = false, timeLimit: Int? = nil, deadline: Int? = nil, keepsPartial: Bool = false,
        launch: Launch? = nil, name: String? = nil, note: String? = nil
    ) {
        self.kind = kind
        self.runner = runner
        self.uid = uid
        self.priority = priority
        self.options = options
        self.dataset = dataset
        self.model = model
        self.maker = maker
        self.base = base
        self.after = after
        self.isHeld = isHeld
        self.timeLimit = timeLimit
        self.deadline = deadline
        self.keepsPartial = keepsPartial
        self.launch = launch
        self.name = name
        self.note = note
    }
}

/// How many processes a job is, and what starts them.
public struct Launch: Sendable, Equatable {
    public var ranks: Int
    /// A launcher of the configuration.
    public var launcher: String

    public init(ranks: Int, launcher: String) {
        self.ranks = ranks
        self.launcher = launcher
    }
}

/// With how many processes a job goes on.
public enum LaunchChange: Sendable {
    case unchanged
    /// nil: as the one that the daemon starts itself.
    case to(Launch?)
}

/// How many jobs may wait, queued or paused.
public struct QueueLimits: Sendable {
    public var jobs: Int
    /// Of each user's.
    public var perUser: Int

    public init(jobs: Int, perUser: Int) {
        self.jobs = jobs
        self.perUser = perUser
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

extension State {
    /// What became of a job, after its name.
    var asEnd: String { self == .cancelled ? "was cancelled" : "has \(rawValue)" }
}

extension JobStore {
    /// Adds a job to the queue, unless as many wait already as may (`SqzError.queueFull`).
    public func submit(_ submission: Submission, at time: Int, limits: QueueLimits) async throws -> Change {
        try await database.write { database in
            try Self.checkRoom(for: submission.uid, limits, in: database)
            return try Self.insert(submission, at: time, in: database)
        }
    }

    static func insert(_ submission: Submission, at time: Int, in database: Database) throws -> Change {
        let state = submission.isHeld ? State.paused : .queued
        let reason = submission.isHeld ? "held until it is resumed" : nil
        let submission = try withMadeModel(submission, in: database)
        try database.insert(into: "jobs", try submission.columns(state, reason: reason, at: time))
        let id = Int(database.lastInsertedRowID)
        try checkAgreement(of: submission.after)
        for dependency in submission.after { try add(dependency, to: id, in: database) }
        let event = try append(Event(time: time, kind: .state, state: state, reason: reason), to: id, in: database)
        return Change(before: nil, job: try job(id, in: database), event: event)
    }

    /// Refuses so many more jobs of a user where there is no room for them all.
    static func checkRoom(for uid: Int, jobs: Int = 1, _ limits: QueueLimits, in database: Database) throws {
        let waiting = try count(database, "state IN ('queued', 'paused')")
        guard waiting + jobs <= limits.jobs else {
            throw SqzError.queueFull(limit: limits.jobs, queued: waiting, uid: nil)
        }
        let mine = try count(database, "state IN ('queued', 'paused') AND uid = \(uid)")
        guard mine + jobs <= limits.perUser else {
            throw SqzError.queueFull(limit: limits.perUser, queued: mine, uid: uid)
        }
    }

    private static func add(_ dependency: Dependency, to id: Int, in database: Database) throws {
        guard dependency.job != id else { throw SqzError.noSuchJob(id: id) }
        try check(dependency, in: database)
        try database.insert(into: "dependencies", dependency.columns(of: id), replacing: true)
    }

    /// Refuses two conditions for one job: one of them would be forgotten.
    private static func checkAgreement(of after: [Dependency]) throws {
        var conditions: [Int: DependencyCondition] = [:]
        for dependency in after {
            let before = conditions.updateValue(dependency.condition, forKey: dependency.job)
            guard let before, before != dependency.condition else { continue }
            throw SqzError.invalidOption(
                option: "after",
                reason: """
                    job \(dependency.job) is there with two conditions, \(before.rawValue) and \(dependency.condition.rawValue); \
                    give one
                    """)
        }
    }

    /// Refuses to wait for what will not come (`SqzError.invalidOption`).
    static func check(_ dependency: Dependency, in database: Database) throws {
        let state = try job(dependency.job, in: database).state
        guard !state.isEnd || dependency.isMet(by: state) else {
            throw SqzError.invalidOption(
                option: "after",
                reason: "job \(dependency.job) \(state.asEnd) already, so this one would never run")
        }
    }

    static func count(_ database: Database, _ condition: String) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM jobs WHERE \(condition)") ?? 0
    }
}
