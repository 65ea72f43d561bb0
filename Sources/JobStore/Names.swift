internal import GRDB
internal import SqzProtocol

/// Who wants to publish under a name. Names have owners here; who users are, the system says.
public struct Publisher: Sendable {
    public var uid: Int
    /// Asked only where a name is another's.
    public var isAdministrator: @Sendable () throws -> Bool
    /// A user's uid by name or number; nil where there is none.
    public var user: @Sendable (String) throws -> Int?
    /// How names of the publisher's own may begin.
    public var prefix: @Sendable () throws -> String

    public init(
        uid: Int, isAdministrator: @escaping @Sendable () throws -> Bool,
        user: @escaping @Sendable (String) throws -> Int?, prefix: @escaping @Sendable () throws -> String
    ) {
        self.uid = uid
        self.isAdministrator = isAdministrator
        self.user = user
        self.prefix = prefix
    }
}

/// What has names: each kind has its own, and a table of whose they are.
public enum NamedKind: String, Sendable {
    case model
    case dataset

    fileprivate var owners: String { "\(rawValue)Names" }
}

// A name belongs to the user who used it first, and stays that user's when all that had it was removed. USER/NAME belongs to
// USER from the start.
extension JobStore {
    /// Refuses a name that belongs to another (`SqzError.invalidOption`), unless to an administrator. Gives what it stands for: a
    /// model's old name means its new one.
    public func checkName(
        _ name: String, of kind: NamedKind, option: String, by publisher: Publisher
    ) async throws -> String {
        try await read { database in
            let name = try kind == .model ? Self.canonical(name, in: database) : name
            _ = try Self.owner(of: name, kind, option, for: publisher, in: database)
            return name
        }
    }

    /// Whose a name is, or will be when `publisher` has used it.
    static func owner(
        of name: String, _ kind: NamedKind, _ option: String, for publisher: Publisher, in database: Database
    ) throws -> Int {
        let known = try owner(of: name, kind, in: database)
        let owner = try known ?? user(of: name, option, publisher) ?? publisher.uid
        guard try owner == publisher.uid || publisher.isAdministrator() else {
            let own = try "\(publisher.prefix())/\(name.split(separator: "/").last ?? "")"
            throw SqzError.invalidOption(
                option: option,
                reason: "the name \(name) belongs to uid \(owner); right would be one of your own, as \(own)")
        }
        return owner
    }

    /// nil for a name that nobody used yet.
    static func owner(of name: String, _ kind: NamedKind, in database: Database) throws -> Int? {
        try Int.fetchOne(database, sql: "SELECT uid FROM \(kind.owners) WHERE name = ?", arguments: [name])
    }

    /// The user before the slash; nil where there is none.
    private static func user(of name: String, _ option: String, _ publisher: Publisher) throws -> Int? {
        guard let slash = name.firstIndex(of: "/") else { return nil }
        guard let uid = try publisher.user(String(name[..<slash])) else {
            throw SqzError.invalidOption(
                option: option, reason: "a name before a slash is a user's; there is no user \(name[..<slash])")
        }
        return uid
    }

    /// Writes down whose a data set's name is, and tells it.
    static func claimDataset(
        _ name: String, _ option: String, for publisher: Publisher, in database: Database
    ) throws -> Int {
        let owner = try owner(of: name, .dataset, option, for: publisher, in: database)
        try database.execute(
            sql: "INSERT INTO datasetNames (name, uid) VALUES (?, ?) ON CONFLICT DO NOTHING", arguments: [name, owner])
        return owner
    }

    /// Gives a model's name to another user: its versions stay who made them.
    public func giveModel(_ name: String, to uid: Int) async throws {
        try await database.write { database in
            let name = try Self.named(name, in: database)
            try Self.checkGivable(name, "name")
            try database.execute(sql: "UPDATE modelNames SET uid = ? WHERE name = ?", arguments: [uid, name])
        }
    }

    /// Gives a data set's name to another user, and the data set if there is one.
    public func giveDataset(_ name: String, to uid: Int) async throws {
        try await database.write { database in
            // A name may be all there is.
            if try Self.owner(of: name, .dataset, in: database) == nil { _ = try Self.dataset(name, in: database) }
            try Self.checkGivable(name, "dataset")
            try database.execute(sql: "UPDATE datasetNames SET uid = ? WHERE name = ?", arguments: [uid, name])
            try database.execute(sql: "UPDATE datasets SET uid = ? WHERE name = ?", arguments: [uid, name])
        }
    }

    private static func checkGivable(_ name: String, _ option: String) throws {
        guard let slash = name.firstIndex(of: "/") else { return }
        throw SqzError.invalidOption(
            option: option, reason: "\(name) is \(name[..<slash])'s by its name and can't be given away")
    }
}
