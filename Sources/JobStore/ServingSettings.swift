internal import GRDB
internal import SqzProtocol

/// How a name's models are served, as far as somebody has said it: the members of `Serving`.
public struct ServingSettings: Equatable, Sendable {
    public var maxBatch: Int?
    public var maxDelay: Int?
    public var runners: Int?
    public var keep: Int?

    public init(maxBatch: Int? = nil, maxDelay: Int? = nil, runners: Int? = nil, keep: Int? = nil) {
        self.maxBatch = maxBatch
        self.maxDelay = maxDelay
        self.runners = runners
        self.keep = keep
    }
}

extension JobStore {
    /// Of a name, as it is now or was before. What is not known has none.
    public func serving(of name: String) async throws -> ServingSettings {
        try await read { try Self.serving(of: try Self.canonical(name, in: $0), in: $0) }
    }

    /// Changes what is given, and with `reset` nothing else stays. Gives what there is then, and the name as it is now. Throws
    /// `SqzError.noSuchModel`.
    public func set(
        _ changes: ServingSettings, of name: String, reset: Bool
    ) async throws -> (settings: ServingSettings, name: String) {
        try await database.write { database in
            let name = try Self.named(name, in: database)
            let before = reset ? ServingSettings() : try Self.serving(of: name, in: database)
            let settings = ServingSettings(
                maxBatch: changes.maxBatch ?? before.maxBatch, maxDelay: changes.maxDelay ?? before.maxDelay,
                runners: changes.runners ?? before.runners, keep: changes.keep ?? before.keep)
            try database.insert(
                into: "modelServing",
                [
                    "name": name, "maxBatch": settings.maxBatch, "maxDelay": settings.maxDelay,
                    "runners": settings.runners, "keep": settings.keep,
                ], replacing: true)
            return (settings, name)
        }
    }

    private static func serving(of name: String, in database: Database) throws -> ServingSettings {
        let row = try Row.fetchOne(database, sql: "SELECT * FROM modelServing WHERE name = ?", arguments: [name])
        guard let row else { return ServingSettings() }
        return ServingSettings(
            maxBatch: row["maxBatch"], maxDelay: row["maxDelay"], runners: row["runners"], keep: row["keep"])
    }
}
