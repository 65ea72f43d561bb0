internal import GRDB
public import SqzProtocol

/// A model that is to be promoted because it is the best of its sweep.
public struct DuePromotion: Sendable {
    public var sweep: Sweep
    public var model: Model
}

// A sweep's best model is chosen in the transaction that ends its last job. It is verified and loaded before its name means it,
// which takes a while; what was chosen and is not promoted is on disk.
extension JobStore {
    private static let isOver = """
        NOT EXISTS (SELECT 1 FROM jobs WHERE sweep = sweeps.name AND state IN ('queued', 'running', 'paused'))
        """

    /// Where the last job of a sweep has ended whose best model is to be promoted, that is chosen: the highest accuracy, of equals
    /// the lowest loss, then the oldest job; none that has a warning.
    static func chooseBest(after changes: [Change], in database: Database) throws {
        for name in Set(changes.filter(\.job.state.isEnd).compactMap(\.job.sweep)) {
            let isDue = try Bool.fetchOne(
                database, sql: "SELECT promoteBest AND \(isOver) FROM sweeps WHERE name = ?", arguments: [name])
            guard isDue == true else { continue }
            let best = try Int.fetchOne(
                database,
                sql: """
                    SELECT job FROM models JOIN jobs ON jobs.id = models.job
                    WHERE sweep = ? AND state = 'succeeded' AND models.warning IS NULL AND accuracy IS NOT NULL
                    ORDER BY accuracy DESC, loss IS NULL, loss, job LIMIT 1
                    """, arguments: [name])
            // One that was retried may have ended as the best again.
            try database.execute(
                sql: """
                    UPDATE sweeps SET promoted = promoted AND bestJob IS :best, bestJob = :best, problem = :problem
                    WHERE name = :name
                    """,
                arguments: [
                    "best": best, "name": name,
                    "problem": best == nil ? "no job made a model that has an accuracy and no warning" : nil,
                ])
        }
    }

    private static let due = """
        SELECT name FROM sweeps
        WHERE bestJob IS NOT NULL AND promoted = 0 AND problem IS NULL AND \(isOver) ORDER BY name LIMIT 1
        """

    /// What is to be promoted next. Where there is nothing, nothing is written: this is asked often.
    public func duePromotion() async throws -> DuePromotion? {
        while let name = try await read({ try String.fetchOne($0, sql: Self.due) }) {
            let found = try await database.write { database -> DuePromotion? in
                let sweep = try Self.sweep(name, in: database)
                guard let best = sweep.best else {
                    try Self.drop(name, "the best model was removed", in: database)
                    return nil
                }
                return DuePromotion(sweep: sweep, model: try Self.model(best, in: database).model)
            }
            if let found { return found }
        }
        return nil
    }

    /// Has the best model's name mean it; nil where another is the best by now, or none.
    public func promoteBest(_ due: DuePromotion) async throws -> Meaning? {
        try await database.write { database in
            let sweep = try Self.sweep(due.sweep.name, in: database)
            guard sweep.bestJob == due.sweep.bestJob, let best = sweep.best else { return nil }
            let meaning = try Self.promote(best, in: database)
            try database.execute(sql: "UPDATE sweeps SET promoted = 1 WHERE name = ?", arguments: [sweep.name])
            return meaning
        }
    }

    /// A sweep's best model can't be promoted.
    public func dropPromotion(of sweep: String, _ reason: String) async throws {
        try await database.write { try Self.drop(sweep, reason, in: $0) }
    }

    private static func drop(_ sweep: String, _ reason: String, in database: Database) throws {
        try database.execute(sql: "UPDATE sweeps SET problem = ? WHERE name = ?", arguments: [reason, sweep])
    }
}
