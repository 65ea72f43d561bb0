internal import GRDB

/// How long jobs take, as those tell that have succeeded.
struct Durations {
    private struct Kind: Hashable {
        var kind: String
        var dataset: String?
        /// nil: whichever they are.
        var options: String?

        /// From the columns kind, dataset and options, which are there from `column` on.
        init(_ row: Row, from column: Int) {
            kind = row[column]
            dataset = row[column + 1]
            options = row[column + 2]
        }

        var withAnyOptions: Self {
            var other = self
            other.options = nil
            return other
        }
    }

    /// The median of what the last jobs of each kind took, in microseconds.
    private let medians: [Kind: Int]
    /// So many jobs are looked at, and so many of one kind count.
    private static let looked = 500
    private static let counted = 9

    init(in database: Database) throws {
        var seen: [Kind: [Int]] = [:]
        let rows = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT ranFor, kind, dataset, options FROM jobs WHERE lastStart IS NOT NULL AND state = 'succeeded'
                    ORDER BY endedAt DESC LIMIT ?
                    """),
            arguments: [Self.looked])
        while let row = try rows.next() {
            let kind = Kind(row, from: 1)
            for key in [kind, kind.withAnyOptions] where seen[key, default: []].count < Self.counted {
                seen[key, default: []].append(row[0])
            }
        }
        medians = seen.mapValues { $0.sorted()[$0.count / 2] }
    }

    /// How much longer a job is likely to run, whose columns ranFor, kind, dataset and options are there from `column` on:
    /// as long as the last ones with the same options, else those on the same data, took. nil where there were none, or
    /// where it ran for longer already.
    func rest(of row: Row, from column: Int) -> Int? {
        guard !medians.isEmpty else { return nil }
        let kind = Kind(row, from: column + 1)
        guard let median = medians[kind] ?? medians[kind.withAnyOptions] else { return nil }
        let rest = median - (row[column] as Int)
        return rest > 0 ? rest : nil
    }
}
