internal import GRDB
internal import SqzProtocol

/// How long jobs take, as those tell that have succeeded: those like it as long as the last ones, others by their work.
struct Durations {
    private struct Kind: Hashable {
        var kind: String
        var dataset: String?
        var options: String?
    }

    /// The median of what the last jobs of each kind took, in microseconds.
    private let medians: [Kind: Int]
    /// The median of what each epoch of each picture took, by the kind of job.
    private let paces: [String: Double]
    /// The epochs of the last job of a kind that did not say how many.
    private let epochs: [String: Int]
    private let pictures: [String: Int]
    /// So many jobs are looked at, and so many of one kind count.
    private static let looked = 500
    private static let counted = 9

    /// What a job's row has to have, from some column on. A runner of somebody else's may call something else epochs.
    static let columns = """
        ranFor, kind, dataset, options,
        CASE json_type(options, '$.epochs') WHEN 'integer' THEN json_extract(options, '$.epochs') END
        """

    init(in database: Database) throws {
        let datasets = try Row.fetchAll(
            database.cachedStatement(
                sql: "SELECT name, json_extract(imported, '$.train') + json_extract(imported, '$.test') FROM datasets"))
        let pictures = Dictionary(uniqueKeysWithValues: datasets.map { ($0[0] as String, $0[1] as Int) })
        var seen: [Kind: [Int]] = [:]
        var rates: [String: [Double]] = [:]
        var epochs: [String: Int] = [:]
        let rows = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT \(Self.columns), json_extract(progress, '$.epochs') FROM jobs
                    WHERE lastStart IS NOT NULL AND state = 'succeeded' ORDER BY endedAt DESC LIMIT ?
                    """),
            arguments: [Self.looked])
        while let row = try rows.next() {
            let kind = Kind(kind: row[1], dataset: row[2], options: row[3])
            if seen[kind, default: []].count < Self.counted { seen[kind, default: []].append(row[0]) }
            // A job that tells of no epochs sees each picture once.
            let (asked, told): (Int?, Int) = (row[4], row[5] ?? 1)
            if asked == nil, epochs[kind.kind] == nil { epochs[kind.kind] = told }
            let work = Double(asked ?? told) * Double(kind.dataset.flatMap { pictures[$0] } ?? 0)
            guard work > 0, rates[kind.kind, default: []].count < Self.counted else { continue }
            rates[kind.kind, default: []].append(Double(row[0] as Int) / work)
        }
        self.epochs = epochs
        self.pictures = pictures
        medians = seen.mapValues { $0.sorted()[$0.count / 2] }
        paces = rates.mapValues { $0.sorted()[$0.count / 2] }
    }

    /// How much longer a job is likely to run, whose `columns` are there from `column` on: as long as the last ones with the
    /// same options took, else as its epochs and pictures tell. nil where neither is known, or where it ran for longer
    /// already.
    func rest(of row: Row, from column: Int) -> Int? {
        guard !medians.isEmpty else { return nil }
        let kind = Kind(kind: row[column + 1], dataset: row[column + 2], options: row[column + 3])
        guard let whole = medians[kind] ?? duration(of: kind, epochs: row[column + 4]) else { return nil }
        let rest = whole - (row[column] as Int)
        return rest > 0 ? rest : nil
    }

    private func duration(of kind: Kind, epochs asked: Int?) -> Int? {
        guard let pace = paces[kind.kind], let epochs = asked ?? epochs[kind.kind],
            let pictures = kind.dataset.flatMap({ pictures[$0] })
        else { return nil }
        let duration = pace * Double(epochs) * Double(pictures)
        // Longer than any job may take is not known.
        return duration < Double(Limits.longestTime) * 1e6 ? Int(duration) : nil
    }
}
