internal import GRDB
public import SqzProtocol

/// A model and what its runner said of its layers and of its history.
public struct StoredModel: Sendable {
    public var model: Model
    public var layers: [Layer]
    public var history: [Generation]?
}

/// A model that is to be registered.
public struct NewModel: Sendable {
    public var name: String
    public var sha256: String
    public var size: Int
    public var runner: String
    public var made: MadeModel
    public var publisher: Publisher
    public var dataset: String?
    public var loss: Double?
    public var accuracy: Double?
    /// What is amiss with it, if anything.
    public var warning: String?

    public init(
        name: String, sha256: String, size: Int, runner: String, made: MadeModel, publisher: Publisher,
        dataset: String? = nil, loss: Double? = nil, accuracy: Double? = nil, warning: String? = nil
    ) {
        self.name = name
        self.sha256 = sha256
        self.size = size
        self.runner = runner
        self.made = made
        self.publisher = publisher
        self.dataset = dataset
        self.loss = loss
        self.accuracy = accuracy
        self.warning = warning
    }
}

/// `NAME`, `NAME@VERSION` or `NAME@TAG`, as a user writes it.
public struct ModelReference: Sendable {
    /// Which of a name's versions.
    public enum Which: Equatable, Sendable {
        case promoted
        case version(Int)
        case tag(String)
    }

    public var name: String
    public var which: Which

    /// nil where the text is none.
    public init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, !name.isEmpty, parts.count <= 2 else { return nil }
        self.name = name
        guard parts.count == 2 else {
            which = .promoted
            return
        }
        guard !parts[1].isEmpty else { return nil }
        // A tag is no number, not even one that is too large.
        let isNumber = parts[1].utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber else {
            which = .tag(parts[1])
            return
        }
        guard let version = Int(parts[1]), version > 0 else { return nil }
        which = .version(version)
    }
}

extension JobStore {
    /// All models, newest first.
    public func models() async throws -> [Model] {
        try await read { database in
            let standings = try Standings(of: nil, in: database)
            return try Row.fetchAll(database, sql: "SELECT * FROM models ORDER BY sequence DESC")
                .map { standings.added(to: try StoredModel(row: $0).model) }
        }
    }

    /// The model that `text` names. Throws `SqzError.noSuchModel`.
    public func model(_ text: String) async throws -> StoredModel {
        try await modelCache.model(.named(text), in: self) { try Self.model(text, in: $0) }
    }

    /// What is used where none is named: the newest that `uid` made, of those without a warning, in the version that was promoted
    /// if one was; else `standard`, what the administrator names. Throws `SqzError.noModels`, or `noSuchModel` of that.
    public func model(of uid: Int, standard: String?) async throws -> StoredModel {
        try await modelCache.model(.newest(uid: uid, standard: standard), in: self) {
            try Self.model(of: uid, standard, in: $0)
        }
    }

    /// As `model`, of what is remembered.
    public func knownModel(_ text: String) -> StoredModel? { modelCache[.named(text)] }

    /// The same.
    public func knownModel(of uid: Int, standard: String?) -> StoredModel? {
        modelCache[.newest(uid: uid, standard: standard)]
    }

    static func model(of uid: Int, _ standard: String?, in database: Database) throws -> StoredModel {
        let own = try Row.fetchOne(
            database, sql: "SELECT * FROM models WHERE uid = ? AND warning IS NULL ORDER BY sequence DESC LIMIT 1",
            arguments: [uid])
        if let own {
            let name: String = own["name"]
            return try promotedByHand(name, in: database) == nil ? StoredModel(row: own) : model(name, in: database)
        }
        if let standard { return try model(standard, in: database) }
        let sound = try String.fetchAll(
            database, sql: "SELECT DISTINCT name FROM models WHERE warning IS NULL ORDER BY name LIMIT 20")
        guard sound.isEmpty else { throw SqzError.noModels(known: sound) }
        let others = try String.fetchAll(
            database, sql: "SELECT name || '@' || version FROM models ORDER BY sequence DESC LIMIT 20")
        throw SqzError.noModels(passedOver: others.isEmpty ? nil : others)
    }

    static func model(_ text: String, in database: Database) throws -> StoredModel {
        guard let (name, version) = try version(of: text, in: database) else {
            throw try noSuchModel(text, in: database)
        }
        let row = try Row.fetchOne(
            database, sql: "SELECT * FROM models WHERE name = ? AND version = ?", arguments: [name, version])
        guard let row else { throw try noSuchModel(text, in: database) }
        var stored = try StoredModel(row: row)
        stored.model = try Standings(of: name, in: database).added(to: stored.model)
        return stored
    }

    /// The name and version that a text means, which may have been removed; nil where it means none.
    static func version(of text: String, in database: Database) throws -> (name: String, version: Int)? {
        guard let reference = ModelReference(text) else { return nil }
        let name = try canonical(reference.name, in: database)
        let version =
            switch reference.which {
            case .promoted: try Standings.promoted(name, in: database)
            case .version(let version): version
            case .tag(let tag):
                try Int.fetchOne(
                    database, sql: "SELECT version FROM modelTags WHERE name = ? AND tag = ?", arguments: [name, tag])
            }
        return version.map { (name, $0) }
    }

    /// Registers a model that no job made; `place` puts its file where it belongs.
    public func addModel(
        _ model: NewModel, at time: Int, place: @escaping @Sendable () throws -> Void
    ) async throws -> Model {
        try await database.write { database in
            let name = try Self.insert(model, job: nil, at: time, place, in: database)
            return try Self.model(name, in: database).model
        }
    }

    /// Removes models unless a job that has not ended uses one of them (`SqzError.modelInUse`): the one that `text` names, or with
    /// `all` all versions of the name. Gives what was removed as NAME@VERSION. `remove` is called with the checksum of a file
    /// when the removal is on disk, unless another model has the same file.
    ///
    /// - Parameter check: says whether a version may be removed, given who made it and whose the name is.
    public func removeModels(
        _ text: String, all: Bool, by uid: Int, at time: Int,
        check: @escaping @Sendable (_ maker: Int, _ owner: Int?) throws -> Void,
        remove: @escaping @Sendable (String) throws -> Void
    ) async throws -> [Model] {
        let models = try await database.write { database in
            let models = try Self.models(toRemove: text, all: all, in: database)
            for model in models {
                try check(model.uid, model.owner)
                let name = "\(model.name)@\(model.version)"
                let jobs = try Int.fetchAll(
                    database,
                    sql: """
                        SELECT id FROM jobs
                        WHERE state IN ('queued', 'running', 'paused') AND (
                            model = :name OR base = :name
                            -- Options keep the name that a model had when they named it.
                            OR EXISTS (
                                SELECT 1 FROM json_each(jobs.options) AS option WHERE option.value = :name OR option.value IN (
                                    SELECT alias || '@' || :version FROM modelAliases WHERE modelAliases.name = :plain)))
                        ORDER BY id
                        """,
                    arguments: ["name": name, "plain": model.name, "version": model.version])
                guard jobs.isEmpty else { throw SqzError.modelInUse(model: name, jobs: jobs) }
                try Self.bury(
                    .model, model.name, model.version, model.sha256, by: uid, at: time, in: database)
                for table in ["models", "modelTags", "promotions"] {
                    try database.execute(
                        sql: "DELETE FROM \(table) WHERE name = ? AND version = ?",
                        arguments: [model.name, model.version])
                }
            }
            for table in ["pins", "modelServing"] {
                try database.execute(sql: "DELETE FROM \(table) WHERE name NOT IN (SELECT name FROM models)")
            }
            for name in Set(models.map(\.name)) { try Self.freeAliases(of: name, in: database) }
            return models
        }
        for sha256 in Set(models.map(\.sha256)) {
            try await database.write { database in
                let others = try Int.fetchOne(
                    database, sql: "SELECT count(*) FROM models WHERE sha256 = ?", arguments: [sha256])
                if others == 0 { try remove(sha256) }
            }
        }
        return models
    }

    /// The newest first. A name alone must be meant: it has one version, or `all` are meant.
    private static func models(toRemove text: String, all: Bool, in database: Database) throws -> [Model] {
        let named = try model(text, in: database).model
        func refusal(_ reason: String) -> SqzError { .invalidOption(option: "model", reason: reason) }
        guard ModelReference(text)?.which == .promoted else {
            guard !all else { throw refusal("\(text) is one version; all versions are \(named.name)") }
            guard try promotedByHand(named.name, in: database) != named.version else {
                throw refusal(
                    "\(named.name)@\(named.version) was promoted; promote another version before, or remove all")
            }
            return [named]
        }
        let standings = try Standings(of: named.name, in: database)
        let models = try Row.fetchAll(
            database, sql: "SELECT * FROM models WHERE name = ? ORDER BY version DESC", arguments: [named.name]
        ).map { standings.added(to: try StoredModel(row: $0).model) }
        guard all || models.count == 1 else {
            let versions = models.prefix(12).map { "\($0.name)@\($0.version)" }.joined(separator: ", ")
            throw refusal(
                """
                \(named.name) has \(models.count) versions: \(versions)\(models.count > 12 ? ", …" : ""); \
                right would be one of them, or all (--all)
                """)
        }
        return models
    }

    /// Registers a model as its name's next version; a version is used once. Gives NAME@VERSION.
    static func insert(
        _ model: NewModel, job: Int?, at time: Int, _ place: () throws -> Void, in database: Database
    ) throws -> String {
        var model = model
        // It may have been renamed since it was asked for.
        model.name = try canonical(model.name, in: database)
        let option = job == nil ? "name" : "model"
        let owner = try owner(of: model.name, .model, option, for: model.publisher, in: database)
        try place()
        let version = try Int.fetchOne(
            database,
            sql: """
                INSERT INTO modelNames (name, uid, version) VALUES (?, ?, 1)
                ON CONFLICT DO UPDATE SET version = version + 1 RETURNING version
                """,
            arguments: [model.name, owner])
        guard let version else { throw DatabaseError(message: "no version for \(model.name)") }
        let last = try Int.fetchOne(database, sql: "SELECT max(sequence) FROM models") ?? 0
        try database.insert(
            into: "models", try model.columns(version: version, job: job, sequence: last + 1, at: time))
        return "\(model.name)@\(version)"
    }
}
