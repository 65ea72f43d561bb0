internal import GRDB
internal import SqzProtocol

// What is done with a model's name, and with words for its versions.
extension JobStore {
    /// A model's name as it is now, of one that it had before, or of itself.
    static func canonical(_ name: String, in database: Database) throws -> String {
        try String.fetchOne(database, sql: "SELECT name FROM modelAliases WHERE alias = ?", arguments: [name]) ?? name
    }

    /// NAME, or NAME@…, as NAME is now, of one that is used. Throws `SqzError.noSuchModel`, or `invalidOption` for a version.
    static func named(_ text: String, in database: Database) throws -> String {
        let name = try canonical(text, in: database)
        guard try owner(of: name, .model, in: database) != nil else {
            if let reference = ModelReference(text), reference.which != .promoted {
                throw SqzError.invalidOption(
                    option: "name", reason: "\(text) is one version; right would be a name: \(reference.name)")
            }
            throw try noSuchModel(text, in: database)
        }
        return name
    }

    /// Whose the name in a reference is. Throws `SqzError.noSuchModel`.
    public func owner(ofModel text: String) async throws -> Int {
        try await read { database in
            let name = try Self.canonical(ModelReference(text)?.name ?? text, in: database)
            guard let owner = try Self.owner(of: name, .model, in: database) else {
                throw try Self.noSuchModel(text, in: database)
            }
            return owner
        }
    }

    /// Gives a model's name another word. The old one goes on to mean it.
    ///
    /// - Parameter owner: whose the new name would be as USER/NAME; nil where it says nothing of that.
    public func rename(_ name: String, to new: String, ownedBy owner: Int?) async throws {
        try await database.write { database in
            let old = try Self.named(name, in: database)
            guard old != new else { return }
            func refuse(_ reason: String) -> SqzError { .invalidOption(option: "to", reason: reason) }
            if let owner, try Self.owner(of: old, .model, in: database) != owner {
                throw refuse("\(new) would be uid \(owner)'s, and \(old) is not; give it away before")
            }
            let taken = try Self.canonical(new, in: database)
            // A model may have a name again that it had before.
            guard try taken == old || Self.owner(of: taken, .model, in: database) == nil else {
                throw refuse("the name \(new) is in use\(taken == new ? "" : " for \(taken), which had it before")")
            }
            let changes = [
                "DELETE FROM modelAliases WHERE alias = :new",
                "UPDATE modelAliases SET name = :new WHERE name = :old",
                "INSERT INTO modelAliases (alias, name) VALUES (:old, :new)",
                "UPDATE modelNames SET name = :new WHERE name = :old",
                "UPDATE models SET name = :new WHERE name = :old",
                "UPDATE modelTags SET name = :new WHERE name = :old",
                "UPDATE promotions SET name = :new WHERE name = :old",
                "UPDATE pins SET name = :new WHERE name = :old",
                "UPDATE modelServing SET name = :new WHERE name = :old",
                "UPDATE tombstones SET name = :new WHERE name = :old AND kind = 'model'",
                // Jobs use it, or are to make it; no name has an @ in it.
                """
                UPDATE jobs SET model = :new || substr(model, length(:old) + 1)
                WHERE model = :old OR substr(model, 1, length(:old) + 1) = :old || '@'
                """,
                """
                UPDATE jobs SET base = :new || substr(base, length(:old) + 1)
                WHERE substr(base, 1, length(:old) + 1) = :old || '@'
                """,
            ]
            for sql in changes { try database.execute(sql: sql, arguments: ["old": old, "new": new]) }
        }
    }

    /// When nothing has a name any more, those that it had before no longer mean it. They stay their owner's, and what was given out
    /// under them is not given out again.
    static func freeAliases(of name: String, in database: Database) throws {
        let left = try Int.fetchOne(database, sql: "SELECT count(*) FROM models WHERE name = ?", arguments: [name])
        guard left == 0 else { return }
        try database.execute(
            sql: """
                INSERT OR IGNORE INTO modelNames (name, uid, version)
                SELECT alias, uid, version FROM modelAliases JOIN modelNames USING (name) WHERE name = ?
                """, arguments: [name])
        try database.execute(sql: "DELETE FROM modelAliases WHERE name = ?", arguments: [name])
    }

    /// Gives a version a tag, and gives both as NAME@VERSION, with what had it before.
    public func tag(_ text: String, as tag: String) async throws -> Meaning {
        try await database.write { database in
            let model = try Self.model(text, in: database).model
            let before = try Int.fetchOne(
                database, sql: "SELECT version FROM modelTags WHERE name = ? AND tag = ?", arguments: [model.name, tag])
            let count = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM modelTags WHERE name = ?", arguments: [model.name])
            guard before != nil || count ?? 0 < Limits.tagsPerModel else {
                throw SqzError.invalidOption(
                    option: "tag",
                    reason: "\(model.name) has \(Limits.tagsPerModel) tags, the limit; take one away before")
            }
            try database.execute(
                sql: "INSERT OR REPLACE INTO modelTags (name, tag, version) VALUES (?, ?, ?)",
                arguments: [model.name, tag, model.version])
            return Meaning(
                model: "\(model.name)@\(model.version)", before: before.map { "\(model.name)@\($0)" })
        }
    }

    /// Takes a tag away, of NAME@TAG, and gives the version that had it.
    public func untag(_ text: String) async throws -> String {
        try await database.write { database in
            let model = try Self.model(text, in: database).model
            guard case .tag(let tag) = ModelReference(text)?.which else {
                throw SqzError.invalidOption(
                    option: "model", reason: "\(text) has no tag in it; right would be NAME@TAG")
            }
            try database.execute(
                sql: "DELETE FROM modelTags WHERE name = ? AND tag = ?", arguments: [model.name, tag])
            return "\(model.name)@\(model.version)"
        }
    }
}
