internal import GRDB
internal import SqzProtocol
internal import Synchronization

/// Knows what texts that users write mean as models, since each picture that is classified asks for it. Every commit empties it,
/// before whoever made it goes on: single changes are not told of tables without rowid.
final class ModelCache: TransactionObserver, Sendable {
    enum Key: Hashable {
        case named(String)
        case newest(uid: Int, standard: String?)
    }

    /// Only what runs in the database's queue adds to it or empties it, so that it is what the last transaction left.
    private let models = Mutex<[Key: StoredModel]>([:])

    /// When there are more, it begins anew.
    private static let limit = 256

    /// What is remembered.
    subscript(key: Key) -> StoredModel? { models.withLock { $0[key] } }

    func model(
        _ key: Key, in store: JobStore, _ find: @escaping @Sendable (Database) throws -> StoredModel
    ) async throws -> StoredModel {
        if let known = self[key] { return known }
        return try await store.read { database in
            let found = try find(database)
            self.models.withLock { models in
                if models.count >= Self.limit { models = [:] }
                models[key] = found
            }
            return found
        }
    }

    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ database: Database) { models.withLock { $0 = [:] } }
    func databaseDidRollback(_ database: Database) {}
}
