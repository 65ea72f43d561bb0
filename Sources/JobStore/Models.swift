internal import GRDB
public import SqzProtocol

/// A model and what its runner said of its layers.
public struct StoredModel: Sendable {
    public var model: Model
    public var layers: [Layer]
}

/// A model that is to be registered.
public struct NewModel: Sendable {
    public var name: String
    public var sha256: String
    public var size: Int
    public var runner: String
    public var made: MadeModel
    public var uid: Int
    public var dataset: String?
    public var loss: Double?
    public var accuracy: Double?
    /// What is amiss with it, if anything.
    public var warning: String?
    /// Whether its user may take a name that belongs to another; asked only where it does.
    public var isByAdministrator: @Sendable () throws -> Bool

    public init(
        name: String, sha256: String, size: Int, runner: String, made: MadeModel, uid: Int, dataset: String? = nil,
        loss: Double? = nil, accuracy: Double? = nil, warning: String? = nil,
        isByAdministrator: @escaping @Sendable () throws -> Bool
    ) {
        self.name = name
        self.sha256 = sha256
        self.size = size
        self.runner = runner
        self.made = made
        self.uid = uid
        self.dataset = dataset
        self.loss = loss
        self.accuracy = accuracy
        self.warning = warning
        self.isByAdministrator = isByAdministrator
    }
}

/// `NAME` or `NAME@VERSION`, as a user writes it.
public struct ModelReference: Sendable {
    public var name: String
    /// nil: the highest.
    public var version: Int?

    /// nil where the text is neither.
    public init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty, parts.count <= 2 else { return nil }
        self.name = String(name)
        if parts.count == 2 {
            guard let version = Int(parts[1]), version > 0 else { return nil }
            self.version = version
        }
    }
}

extension JobStore {
    /// All models, newest first.
    public func models() async throws -> [Model] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM models ORDER BY sequence DESC")
                .map { try StoredModel(row: $0).model }
        }
    }

    /// The model that `text` names; if it is nil, the one that was registered last, of those without a warning. Throws
    /// `SqzError.noSuchModel` or `noModels`.
    public func model(_ text: String?) async throws -> StoredModel {
        try await read { try Self.model(text, in: $0) }
    }

    static func model(_ text: String?, in database: Database) throws -> StoredModel {
        guard let text else {
            let sound = "SELECT * FROM models WHERE warning IS NULL ORDER BY sequence DESC LIMIT 1"
            if let row = try Row.fetchOne(database, sql: sound) { return try StoredModel(row: row) }
            let others = try String.fetchAll(
                database, sql: "SELECT name || '@' || version FROM models ORDER BY sequence DESC LIMIT 20")
            throw SqzError.noModels(passedOver: others.isEmpty ? nil : others)
        }
        let reference = ModelReference(text)
        let row = try Row.fetchOne(
            database,
            sql: "SELECT * FROM models WHERE name = ? AND version = coalesce(?, version) ORDER BY version DESC LIMIT 1",
            arguments: [reference?.name, reference?.version])
        guard let row else { throw try noSuchModel(text, in: database) }
        return try StoredModel(row: row)
    }

    /// Registers a model that no job made; `place` puts its file where it belongs.
    public func addModel(
        _ model: NewModel, at time: Int, place: @escaping @Sendable () throws -> Void
    ) async throws -> Model {
        try await database.write { database in
            let version = try Self.insert(model, job: nil, at: time, place, in: database)
            return try Self.model("\(model.name)@\(version)", in: database).model
        }
    }

    /// Removes a model unless a job that has not ended uses it (`SqzError.modelInUse`). `remove` is called with the checksum
    /// of its file when the removal is on disk, unless another model has the same file.
    public func removeModel(_ name: String, remove: @escaping @Sendable (String) throws -> Void) async throws {
        let sha256 = try await database.write { database in
            let model = try Self.model(name, in: database).model
            let jobs = try Int.fetchAll(
                database,
                sql: "SELECT id FROM jobs WHERE model = ? AND state IN ('queued', 'running', 'paused') ORDER BY id",
                arguments: ["\(model.name)@\(model.version)"])
            guard jobs.isEmpty else { throw SqzError.modelInUse(model: name, jobs: jobs) }
            try database.execute(
                sql: "DELETE FROM models WHERE name = ? AND version = ?", arguments: [model.name, model.version])
            return model.sha256
        }
        try await database.write { database in
            let others = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM models WHERE sha256 = ?", arguments: [sha256])
            if others == 0 { try remove(sha256) }
        }
    }

    /// Refuses a model's name that belongs to another user (`SqzError.invalidOption`), unless `isByAdministrator`.
    public func checkName(
        _ name: String, option: String, uid: Int, isByAdministrator: @escaping @Sendable () throws -> Bool
    ) async throws {
        try await read { try Self.checkName(name, option, uid, isByAdministrator, in: $0) }
    }

    private static func checkName(
        _ name: String, _ option: String, _ uid: Int, _ isByAdministrator: () throws -> Bool, in database: Database
    ) throws {
        let owner = try Int.fetchOne(database, sql: "SELECT uid FROM modelNames WHERE name = ?", arguments: [name])
        guard let owner, owner != uid, try !isByAdministrator() else { return }
        throw SqzError.invalidOption(
            option: option, reason: "the name \(name) belongs to uid \(owner), who used it first; choose another")
    }

    /// Registers a model as its name's next version, which it gives; a version is used once. The name is its first user's.
    static func insert(
        _ model: NewModel, job: Int?, at time: Int, _ place: () throws -> Void, in database: Database
    ) throws -> Int {
        try checkName(model.name, job == nil ? "name" : "model", model.uid, model.isByAdministrator, in: database)
        try place()
        let version = try Int.fetchOne(
            database,
            sql: """
                INSERT INTO modelNames (name, uid, version) VALUES (?, ?, 1)
                ON CONFLICT DO UPDATE SET version = version + 1 RETURNING version
                """,
            arguments: [model.name, model.uid])
        guard let version else { throw DatabaseError(message: "no version for \(model.name)") }
        let last = try Int.fetchOne(database, sql: "SELECT max(sequence) FROM models") ?? 0
        try database.insert(
            into: "models", try model.columns(version: version, job: job, sequence: last + 1, at: time))
        return version
    }
}
