internal import SqzProtocol

/// A name and a value a line; on a terminal, a value that is longer goes on below its beginning.
struct Fields {
    private var lines: [(String, String)] = []
    /// Where there are fewer, a checksum would be a word a line.
    private static let leastColumns = 20

    mutating func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { lines.append((name, value)) }
    }

    func print() {
        let lines = self.lines.map { ($0.cell, $1) }
        let width = lines.map(\.0.columns).max() ?? 0
        let room = Terminal.output.map { max($0.columns - width - 2, Self.leastColumns) } ?? .max
        for (name, value) in lines {
            for (index, part) in value.printable.lines(of: room).enumerated() {
                Output.line((index == 0 ? name : "").padded(to: width) + "  " + part)
            }
        }
    }
}
