internal import GRDB
public import SqzProtocol

/// What a name means after a change, and what it meant before it, as NAME@VERSION.
public struct Meaning: Equatable, Sendable {
    public var model: String
    public var before: String?

    public init(model: String, before: String?) {
        self.model = model
        self.before = before
    }
}

// Which version NAME means: the last of its promotions, else its owner's newest.
extension JobStore {
    /// The model that is promoted by `text`: NAME alone is its owner's newest. Throws `SqzError.noSuchModel`.
    public func promotable(_ text: String) async throws -> StoredModel {
        try await read { database in
            let stored = try Self.model(text, in: database)
            guard ModelReference(text)?.which == .promoted else { return stored }
            let version = try Int.fetchOne(
                database, sql: "SELECT \(Standings.newest) FROM modelNames WHERE name = ?",
                arguments: [stored.model.name])
            return try Self.model("\(stored.model.name)@\(version ?? 0)", in: database)
        }
    }

    /// What a name meant before what it means now: what was promoted before, else its owner's version before this one, else the
    /// version before. Throws `SqzError.invalidOption` where there is none.
    public func previous(of name: String) async throws -> StoredModel {
        try await read { database in
            let current = try Self.model(try Self.named(name, in: database), in: database).model
            return try Self.model(try Self.previous(of: current, in: database), in: database)
        }
    }

    private static func previous(of current: Model, in database: Database) throws -> String {
        let promoted = try Int.fetchOne(
            database, sql: "SELECT version FROM promotions WHERE name = ? AND version <> ? ORDER BY place DESC LIMIT 1",
            arguments: [current.name, current.version])
        let version =
            try promoted
            ?? Int.fetchOne(
                database,
                sql:
                    "SELECT version FROM models WHERE name = ? AND version < ? ORDER BY uid = ? DESC, version DESC LIMIT 1",
                arguments: [current.name, current.version, current.owner])
        guard let version else {
            throw SqzError.invalidOption(
                option: "name",
                reason: """
                    \(current.name) has nothing to go back to: no other version was promoted before \
                    \(current.name)@\(current.version), and there is none before it
                    """)
        }
        return "\(current.name)@\(version)"
    }

    /// Has a name mean NAME@VERSION, or with NAME its owner's newest and those that come.
    public func promote(_ text: String) async throws -> Meaning {
        try await database.write { try Self.promote(text, in: $0) }
    }

    static func promote(_ text: String, in database: Database) throws -> Meaning {
        let model = try model(text, in: database).model
        let name = model.name
        let before = try Standings.promoted(name, in: database)
        if ModelReference(text)?.which == .promoted {
            try database.execute(sql: "DELETE FROM promotions WHERE name = ?", arguments: [name])
        } else {
            // What it meant unsaid is what a rollback goes back to.
            if let before, try promotedByHand(name, in: database) == nil {
                try push(name, before, in: database)
            }
            try push(name, model.version, in: database)
        }
        return try meaning(of: name, before: before, in: database)
    }

    /// Has a name mean `previous(of:)` again, which must still be `expected`, NAME@VERSION.
    public func rollBack(_ name: String, to expected: String) async throws -> Meaning {
        try await database.write { database in
            let current = try Self.model(try Self.named(name, in: database), in: database).model
            guard try Self.previous(of: current, in: database) == expected,
                let goal = try Self.version(of: expected, in: database)
            else {
                throw SqzError.invalidOption(
                    option: "name",
                    reason: "\(current.name) was promoted by somebody else meanwhile; look, and try again")
            }
            // Nothing stays above the goal, which may never have been promoted.
            try database.execute(
                sql: """
                    DELETE FROM promotions WHERE name = :name AND place > coalesce(
                        (SELECT max(place) FROM promotions WHERE name = :name AND version = :goal), -1)
                    """, arguments: ["name": current.name, "goal": goal.version])
            if try Self.promotedByHand(current.name, in: database) == nil {
                try Self.push(current.name, goal.version, in: database)
            }
            return try Self.meaning(of: current.name, before: current.version, in: database)
        }
    }

    private static func meaning(of name: String, before: Int?, in database: Database) throws -> Meaning {
        Meaning(
            model: "\(name)@\(try Standings.promoted(name, in: database) ?? 0)", before: before.map { "\(name)@\($0)" })
    }

    /// The version that Promote or Rollback gave a name; nil where it is its owner's newest.
    static func promotedByHand(_ name: String, in database: Database) throws -> Int? {
        try Int.fetchOne(
            database, sql: "SELECT version FROM promotions WHERE name = ? ORDER BY place DESC LIMIT 1",
            arguments: [name])
    }

    private static func push(_ name: String, _ version: Int, in database: Database) throws {
        guard try promotedByHand(name, in: database) != version else { return }
        let last = try Int.fetchOne(
            database, sql: "SELECT max(place) FROM promotions WHERE name = ?", arguments: [name])
        let place = last.map { $0 + 1 } ?? 0
        try database.execute(
            sql: "INSERT INTO promotions (name, place, version) VALUES (?, ?, ?)", arguments: [name, place, version])
        try database.execute(
            sql: "DELETE FROM promotions WHERE name = ? AND place <= ?", arguments: [name, place - Limits.promotions])
    }
}

// Names that stay loaded.
extension JobStore {
    /// What the pinned names mean.
    public func pinned() async throws -> [Model] {
        try await read { database in
            try String.fetchAll(
                database, sql: "SELECT name FROM pins WHERE name IN (SELECT name FROM models) ORDER BY name"
            ).map { try Self.model($0, in: database).model }
        }
    }

    /// Throws `SqzError.invalidOption` where as many are pinned as may be.
    public func pin(_ name: String) async throws {
        try await database.write { database in
            let name = try Self.named(name, in: database)
            let others = try String.fetchAll(
                database, sql: "SELECT name FROM pins WHERE name <> ? ORDER BY name", arguments: [name])
            guard others.count < Limits.pinnedModels else {
                throw SqzError.invalidOption(
                    option: "name",
                    reason: """
                        \(others.count) models are pinned, the limit is \(Limits.pinnedModels); unpin one of \
                        \(others.joined(separator: ", "))
                        """)
            }
            try database.execute(sql: "INSERT OR IGNORE INTO pins (name) VALUES (?)", arguments: [name])
        }
    }

    public func unpin(_ name: String) async throws {
        try await database.write { database in
            try database.execute(
                sql: "DELETE FROM pins WHERE name = ?", arguments: [try Self.named(name, in: database)])
        }
    }
}
