internal import GRDB
public import SqzProtocol
internal import Varlink

/// Some of a job's predictions, written as they are kept: hundreds of thousands are read in a row, and their classes are JSON
/// already.
public struct PredictionPage: Sendable {
    /// A list of `Prediction`.
    public private(set) var text = Array("[".utf8)
    /// The last one's picture; nil where there is none.
    public private(set) var last: Int?

    /// The first rows, and as many as fit into a reply.
    fileprivate init(_ rows: RowCursor) throws {
        var bytes = 0
        while let row = try rows.next() {
            let classes: String = row["classes"]
            let file: String? = row["file"]
            bytes += classes.utf8.count + (file?.utf8.count ?? 0)
            guard last == nil || bytes <= Limits.predictionBytesPerReply else { break }
            let (picture, label): (Int, Int?) = (row["picture"], row["label"])
            text += (last == nil ? #"{"picture":\#(picture)"# : #",{"picture":\#(picture)"#).utf8
            if let label { text += #","label":\#(label)"#.utf8 }
            text += #","classes":"#.utf8
            text += classes.utf8
            if let file { text += #","file":"#.utf8 + (try JSON.quoted(file)) }
            text.append(UInt8(ascii: "}"))
            last = picture
        }
        text.append(UInt8(ascii: "]"))
    }
}

extension JobStore {
    /// Adds predictions; those that are there already are replaced, as a resumed job may make some again.
    public func add(_ predictions: [WrittenPrediction], to id: Int) async throws {
        try await database.write { database in
            let statement = try database.cachedStatement(
                sql: "INSERT OR REPLACE INTO predictions (job, picture, label, classes, file) VALUES (?, ?, ?, ?, ?)")
            for prediction in predictions {
                try statement.execute(
                    arguments: [
                        id, prediction.picture, prediction.label, prediction.classes, prediction.file,
                    ])
            }
        }
    }

    /// From picture number `first` on, `limit` at most, and as many as fit into a reply; empty only where there are no more.
    public func predictions(of id: Int, from first: Int, limit: Int) async throws -> PredictionPage {
        try await read { database in
            try PredictionPage(
                Row.fetchCursor(
                    database,
                    sql: """
                        SELECT picture, label, classes, file FROM predictions
                        WHERE job = ? AND picture >= ? ORDER BY picture LIMIT ?
                        """, arguments: [id, first, limit]))
        }
    }
}
