internal import GRDB
public import SqzProtocol

// What was removed leaves a tombstone, so that who asks for it is told.
extension JobStore {
    /// Of models, the last one first.
    public func removedModels(limit: Int) async throws -> [RemovedModel] {
        try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM tombstones WHERE kind = 'model' ORDER BY id DESC LIMIT ?",
                arguments: [limit]
            ).map {
                RemovedModel(
                    name: $0["name"], version: $0["version"], sha256: $0["sha256"], removedAt: $0["removedAt"],
                    removedBy: $0["removedBy"])
            }
        }
    }

    static func bury(
        _ kind: NamedKind, _ name: String, _ version: Int?, _ sha256: String, by uid: Int, at time: Int,
        in database: Database
    ) throws {
        try database.insert(
            into: "tombstones",
            [
                "kind": kind.rawValue, "name": name, "version": version, "sha256": sha256, "removedAt": time,
                "removedBy": uid,
            ])
    }

    /// The last of that name, and of that version if there is one.
    static func tombstone(
        _ kind: NamedKind, _ name: String, _ version: Int?, in database: Database
    ) throws -> Row? {
        try Row.fetchOne(
            database,
            sql: """
                SELECT * FROM tombstones WHERE kind = ? AND name = ? AND version IS coalesce(?, version)
                ORDER BY id DESC LIMIT 1
                """, arguments: [kind.rawValue, name, version])
    }
}
