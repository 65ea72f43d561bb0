internal import GRDB
public import SqzProtocol

/// A model and what its runner said of its layers.
public struct StoredModel: Sendable {
    public var model: Model
    public var layers: [Layer]
}

/// A model that a job made.
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

    public init(
        name: String, sha256: String, size: Int, runner: String, made: MadeModel, uid: Int, dataset: String? = nil,
        loss: Double? = nil, accuracy: Double? = nil
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
    }
}

/// `NAME` or `NAME@VERSION`, as a user writes it.
public struct ModelReference: Sendable {
    public var name: String
    /// nil: the newest.
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
            try Row.fetchAll(database, sql: "SELECT * FROM models ORDER BY createdAt DESC, version DESC")
                .map { try StoredModel(row: $0).model }
        }
    }

    /// The model that `text` names; the newest of all if it is nil. Throws `SqzError.noSuchModel` with the names there are,
    /// or `noModels`.
    public func model(_ text: String?) async throws -> StoredModel {
        try await read { try Self.model(text, in: $0) }
    }

    private static func model(_ text: String?, in database: Database) throws -> StoredModel {
        let newest = "ORDER BY createdAt DESC, version DESC LIMIT 1"
        guard let text else {
            guard let row = try Row.fetchOne(database, sql: "SELECT * FROM models \(newest)") else {
                throw SqzError.noModels
            }
            return try StoredModel(row: row)
        }
        let reference = ModelReference(text)
        let row = try Row.fetchOne(
            database, sql: "SELECT * FROM models WHERE name = ? AND version = coalesce(?, version) \(newest)",
            arguments: [reference?.name, reference?.version])
        guard let row else {
            let known = try String.fetchAll(
                database, sql: "SELECT DISTINCT name FROM models ORDER BY name LIMIT 20")
            throw SqzError.noSuchModel(model: text, known: known)
        }
        return try StoredModel(row: row)
    }

    /// Registers a model that no job made; `place` puts its file where it belongs.
    public func addModel(
        _ model: NewModel, at time: Int, place: @escaping @Sendable () throws -> Void
    ) async throws -> Model {
        try await database.write { database in
            try place()
            let version = try Self.insert(model, job: nil, at: time, in: database)
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

    /// Gives the version.
    static func insert(_ model: NewModel, job: Int?, at time: Int, in database: Database) throws -> Int {
        let last = try Int.fetchOne(
            database, sql: "SELECT max(version) FROM models WHERE name = ?", arguments: [model.name])
        let version = 1 + (last ?? 0)
        try database.insert(into: "models", try model.columns(version: version, job: job, at: time))
        return version
    }
}
