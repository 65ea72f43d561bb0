internal import SqzProtocol

/// A name and a value a line; on a terminal, a value that is longer goes on below its beginning.
struct Fields {
    private var lines: [(name: String, value: String, paint: Paint?)] = []
    /// Where there are fewer, a checksum would be a word a line.
    private static let leastColumns = 20

    mutating func add(_ name: String, _ value: String?, _ paint: Paint? = nil) {
        if let value, !value.isEmpty { lines.append((name.cell, value, paint)) }
    }

    mutating func add(_ name: String, _ state: State) { add(name, state.rawValue, Paint.of(state)) }

    func print() {
        let width = lines.map(\.name.columns).max() ?? 0
        let room = Display.columns.map { max($0 - width - 2, Self.leastColumns) } ?? .max
        for line in lines {
            for (index, part) in line.value.printable.lines(of: room).enumerated() {
                let name = (index == 0 ? line.name : "").padded(to: width)
                Output.paintedLine([(name + "  ", nil), (part, line.paint)])
            }
        }
    }
}
