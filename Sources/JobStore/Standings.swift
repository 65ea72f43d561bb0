internal import GRDB
internal import SqzProtocol

/// What names add to their models: whose they are, which version they mean, tags, and whether that stays loaded.
struct Standings {
    private struct Standing {
        let owner: Int
        let promoted: Int?
        let isPinned: Bool
        var tags: [Int: [String]] = [:]
    }

    private var names: [String: Standing] = [:]

    /// Its owner's newest version, else the newest.
    static let newest = """
        coalesce(
            (SELECT max(version) FROM models WHERE name = modelNames.name AND uid = modelNames.uid),
            (SELECT max(version) FROM models WHERE name = modelNames.name))
        """

    /// The version of `modelNames.name` that was promoted, else its owner's newest, else the newest.
    private static let promoted = """
        coalesce(
            (SELECT version FROM promotions WHERE name = modelNames.name ORDER BY place DESC LIMIT 1),
            \(newest))
        """

    /// Of one name, or of all.
    init(of name: String?, in database: Database) throws {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT name, uid, \(Self.promoted) AS promoted, EXISTS (SELECT 1 FROM pins WHERE name = modelNames.name) AS pinned
                FROM modelNames WHERE name = coalesce(?, name)
                """, arguments: [name])
        for row in rows {
            names[row["name"]] = Standing(owner: row["uid"], promoted: row["promoted"], isPinned: row["pinned"])
        }
        let tags = try Row.fetchAll(
            database, sql: "SELECT * FROM modelTags WHERE name = coalesce(?, name) ORDER BY tag", arguments: [name])
        for row in tags { names[row["name"]]?.tags[row["version"], default: []].append(row["tag"]) }
    }

    /// The version that a name means; nil where it has none.
    static func promoted(_ name: String, in database: Database) throws -> Int? {
        try Int.fetchOne(database, sql: "SELECT \(promoted) FROM modelNames WHERE name = ?", arguments: [name])
    }

    func added(to model: Model) -> Model {
        guard let standing = names[model.name] else { return model }
        var model = model
        let isPromoted = model.version == standing.promoted
        model.owner = standing.owner
        model.promoted = isPromoted
        model.tags = standing.tags[model.version]
        model.pinned = isPromoted && standing.isPinned
        return model
    }
}
