internal import GRDB

extension JobStore {
    /// Writes the records, as they are at one moment, to a new file, by SQLite's online backup. `link` is called at that moment with the
    /// checksums of the files that models and data sets need, none of which can be removed before it returns; what it does is to
    /// be quick, as all else waits for it. The rest goes on beside what others write. Blocks.
    public func copy(to path: String, link: (Set<String>) throws -> Void) throws {
        var configuration = Configuration()
        configuration.label = "sqzd.backup"
        configuration.readonly = true
        // A transaction stays open over several steps, and over an error.
        configuration.allowsUnsafeTransactions = true
        let source = try DatabaseQueue(path: database.path, configuration: configuration)
        try source.inDatabase { snapshot in
            try database.unsafeRead { _ in
                try snapshot.execute(sql: "BEGIN")
                // What a transaction sees is settled when it reads first.
                try link(try Self.blobs(in: snapshot))
            }
            let copy = try DatabaseQueue(path: path)
            try copy.inDatabase { try snapshot.backup(to: $0) }
            try copy.close()
            try snapshot.execute(sql: "ROLLBACK")
        }
        try source.close()
    }
}
