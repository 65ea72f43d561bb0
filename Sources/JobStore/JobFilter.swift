internal import GRDB
public import SqzProtocol

/// Which jobs are meant: those that fit all that is set.
public struct JobFilter: Sendable {
    public var states: [State]?
    public var uid: Int?
    public var kind: String?
    public var dataset: String?
    /// NAME or NAME@VERSION that it uses, makes or tunes.
    public var model: String?
    /// In its name or note.
    public var text: String?
    /// Microseconds since 1970.
    public var submittedAfter: Int?
    public var submittedBefore: Int?

    public init(
        states: [State]? = nil, uid: Int? = nil, kind: String? = nil, dataset: String? = nil, model: String? = nil,
        text: String? = nil, submittedAfter: Int? = nil, submittedBefore: Int? = nil
    ) {
        self.states = states
        self.uid = uid
        self.kind = kind
        self.dataset = dataset
        self.model = model
        self.text = text
        self.submittedAfter = submittedAfter
        self.submittedBefore = submittedBefore
    }

    /// Whether it is about states alone, for which there are an index and a count.
    fileprivate var isOfStates: Bool {
        uid == nil && kind == nil && dataset == nil && model == nil && text == nil && submittedAfter == nil
            && submittedBefore == nil
    }

    /// What rows of jobs must be, and its arguments.
    fileprivate func condition(in database: Database) throws -> (sql: String, arguments: StatementArguments) {
        var parts = ["id < :before", "state <> '\(JobStore.removed)'"]
        var arguments: StatementArguments = []
        func add(_ sql: String, _ name: String, _ value: (some DatabaseValueConvertible)?) {
            guard let value else { return }
            parts.append(sql)
            arguments += [name: value]
        }
        if let states {
            parts.append("state IN (\(states.map { "'\($0.rawValue)'" }.joined(separator: ", ")))")
        }
        add("uid = :uid", "uid", uid)
        add("kind = :kind", "kind", kind)
        add("dataset = :dataset", "dataset", dataset)
        add("submittedAt >= :after", "after", submittedAfter)
        add("submittedAt < :until", "until", submittedBefore)
        // Of letters beyond ASCII, SQLite knows no capitals.
        add("(instr(lower(name), lower(:text)) OR instr(lower(note), lower(:text)))", "text", text)
        if let model {
            // What a job made keeps in its outcome the name that it had then.
            let name = try JobStore.canonical(ModelReference(model)?.name ?? model, in: database)
            let columns = [
                "model", "base", "(SELECT models.name || '@' || version FROM models WHERE models.job = jobs.id)",
            ]
            let isMeant =
                switch ModelReference(model)?.which {
                case .version(let version)?:
                    columns.map { "\($0) = :model || '@\(version)'" }
                default:
                    columns.map { "(\($0) = :model OR substr(\($0), 1, length(:model) + 1) = :model || '@')" }
                }
            add("(\(isMeant.joined(separator: " OR ")))", "model", name)
        }
        return (parts.joined(separator: " AND "), arguments)
    }
}

extension JobStore {
    /// Jobs that are meant with an id below `before`, newest first; and how many there are of them in all.
    public func jobs(
        _ filter: JobFilter, before: Int? = nil, limit: Int, _ outlook: Outlook
    ) async throws -> (jobs: [Job], total: Int) {
        if filter.isOfStates {
            let jobs = try await jobs(in: filter.states, before: before, limit: limit, outlook)
            let counts = try await counts()
            return (jobs, Set(filter.states ?? State.allCases).reduce(0) { $0 + counts.of($1) })
        }
        return try await read { database in
            let (sql, arguments) = try filter.condition(in: database)
            let total = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM jobs WHERE \(sql)", arguments: arguments + ["before": Int.max])
            let ids = try Int.fetchAll(
                database, sql: "SELECT id FROM jobs WHERE \(sql) ORDER BY id DESC LIMIT \(limit)",
                arguments: arguments + ["before": before ?? Int.max])
            return (try Self.explain(try Self.jobs(ids, in: database), outlook, in: database), total ?? 0)
        }
    }
}

extension JobCounts {
    fileprivate func of(_ state: State) -> Int {
        switch state {
        case .queued: queued
        case .running: running
        case .paused: paused
        case .succeeded: succeeded
        case .failed: failed
        case .cancelled: cancelled
        }
    }
}
