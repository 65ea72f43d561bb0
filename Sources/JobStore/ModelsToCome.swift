internal import GRDB
public import SqzProtocol

/// What a job is to use.
public enum ModelChoice: Sendable {
    /// One that there is.
    case made(StoredModel)
    /// The next version of `name`, which `maker` makes when it succeeds.
    case toCome(name: String, maker: Job)
}

// A job may use a model that another one is to make: it is submitted with the name, and gets the version in the transaction in
// which the other one ends.
extension JobStore {
    /// What `text` names to a job that is to run after others: of a job that has to succeed first and makes models of this
    /// name the one that it makes (of several such jobs the last one's), else the model that there is, else what the last job makes
    /// that is to make one. Throws as `model`.
    ///
    /// - Returns: beside it, the other jobs that are to make versions of this name.
    public func model(_ text: String, after: [Dependency]) async throws -> (choice: ModelChoice, makers: [Int]) {
        try await read { database in
            let text = try Self.canonical(text, in: database)
            var makers = try Self.makers(of: text, in: database)
            var maker = try Self.maker(of: text, among: after, in: database)
            if maker == nil, try Self.version(of: text, in: database) == nil {
                // One that is waited for on another condition need not make it.
                let others = Set(after.map(\.job))
                maker = try makers.last { !others.contains($0) }.map { try Self.job($0, in: database) }
            }
            guard let maker else { return (.made(try Self.model(text, in: database)), makers) }
            makers.removeAll { $0 == maker.id }
            guard maker.state == .succeeded else { return (.toCome(name: text, maker: maker), makers) }
            return (.made(try Self.model(try Self.model(madeBy: maker), in: database)), makers)
        }
    }

    /// The jobs that are to make models of a name, at most 20.
    private static func makers(of name: String, in database: Database) throws -> [Int] {
        try Int.fetchAll(
            database,
            sql: """
                SELECT id FROM jobs WHERE state IN ('queued', 'running', 'paused') AND \(makes) ORDER BY id DESC LIMIT 20
                """,
            arguments: [name]
        ).reversed()
    }

    /// Who makes models has a name without a version, who uses one has a version, or knows who is to make it.
    private static let makes = "model = ? AND maker IS NULL"

    private static func maker(of name: String, among after: [Dependency], in database: Database) throws -> Job? {
        let others = after.filter { $0.condition == .success }.map(\.job)
        let last = try Int.fetchOne(
            database, sql: "SELECT max(id) FROM jobs WHERE id IN (\(list(others))) AND \(makes)", arguments: [name])
        return try last.map { try job($0, in: database) }
    }

    private static func model(madeBy maker: Job) throws -> String {
        guard let model = maker.outcome?.model else {
            throw SqzError.invalidOption(option: "model", reason: "job \(maker.id) has succeeded and made none")
        }
        return model
    }

    /// A submission whose model has been made, or renamed, since it was looked for.
    static func withMadeModel(_ submission: Submission, in database: Database) throws -> Submission {
        var submission = submission
        if let model = submission.model {
            let name = model.prefix { $0 != "@" }
            submission.model = try canonical(String(name), in: database) + model[name.endIndex...]
        }
        guard let maker = try submission.maker.map({ try job($0, in: database) }), maker.state == .succeeded else {
            return submission
        }
        submission.model = try model(madeBy: maker)
        submission.maker = nil
        return submission
    }

    /// A job has succeeded: those that were to use what it makes get the version, or are cancelled where it made nothing.
    static func hand(_ model: String?, of maker: Int, at time: Int, in database: Database) throws -> [Change] {
        if let model {
            try database.execute(
                sql: "UPDATE jobs SET model = ?, maker = NULL WHERE maker = ?", arguments: [model, maker])
            return []
        }
        let waiting = try Int.fetchAll(
            database, sql: "SELECT id FROM jobs WHERE maker = ? AND state IN ('queued', 'paused') ORDER BY id",
            arguments: [maker])
        let reason = "job \(maker), which was to make its model, made none"
        return try waiting.flatMap { id -> [Change] in
            // It may have waited for one of those before it, too.
            guard try !job(id, in: database).state.isEnd else { return [] }
            return try move(id, to: .cancelled, Event(time: time, kind: .state, reason: reason), in: database)
        }
    }

    /// Refuses to try a job again whose data set or model is gone (`SqzError.noSuchDataset`, `noSuchModel`).
    static func checkData(of job: Job, in database: Database) throws {
        if let dataset = job.dataset { _ = try Self.dataset(dataset, in: database) }
        if let model = job.model, model.contains("@") { _ = try Self.model(model, in: database) }
        if let base = job.base { _ = try Self.model(base, in: database) }
        let maker = try Int.fetchOne(database, sql: "SELECT maker FROM jobs WHERE id = ?", arguments: [job.id])
        if let maker = try maker.map({ try Self.job($0, in: database) }), maker.state == .succeeded {
            _ = try model(madeBy: maker)
        }
    }

    /// The error that names what there is instead: the versions of the same name, else names; and who is to make it.
    static func noSuchModel(_ text: String, in database: Database) throws -> SqzError {
        var known: [String] = []
        var removed: Row?
        if let reference = ModelReference(text) {
            let name = try canonical(reference.name, in: database)
            known = try String.fetchAll(
                database,
                sql: "SELECT name || '@' || version FROM models WHERE name = ? ORDER BY version DESC LIMIT 20",
                arguments: [name])
            switch reference.which {
            case .version(let version): removed = try tombstone(.model, name, version, in: database)
            case .promoted: removed = try tombstone(.model, name, nil, in: database)
            case .tag: break
            }
        }
        if known.isEmpty, let reference = ModelReference(text) {
            // Another user's, or their own with the user before it; and letters' cases are soon mistaken.
            let last = reference.name.split(separator: "/").last.map(String.init) ?? ""
            known = try String.fetchAll(
                database,
                sql: """
                    SELECT DISTINCT name FROM models WHERE lower(substr(name, instr(name, '/') + 1)) = lower(?)
                    ORDER BY name LIMIT 20
                    """, arguments: [last])
        }
        if known.isEmpty {
            known = try String.fetchAll(
                database, sql: "SELECT DISTINCT name FROM models ORDER BY name LIMIT 20")
        }
        let makers = try makers(of: text, in: database)
        return .noSuchModel(
            model: text, known: known, makers: makers.isEmpty ? nil : makers,
            removed: removed.map { "\($0["name"] as String)@\($0["version"] as Int)" },
            removedAt: removed?["removedAt"],
            removedBy: removed?["removedBy"], sha256: removed?["sha256"])
    }
}
