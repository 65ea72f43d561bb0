internal import SqzProtocol

/// A name and a value a line; on a terminal, a value that is longer goes on below its beginning, and is below its name where there
/// is no room beside that.
struct Fields {
    /// How far in all of it is.
    var indent = 0
    private var lines: [(name: String, value: String, paint: Paint?)] = []
    /// Where there are fewer, a checksum would be a word a line.
    private static let leastColumns = 20

    mutating func add(_ name: String, _ value: String?, _ paint: Paint? = nil) {
        if let value, !value.isEmpty { lines.append((name.cell, value, paint)) }
    }

    mutating func add(_ name: String, _ state: State) { add(name, state.rawValue, Paint.of(state)) }

    func print() {
        let start = Self.start(names: lines.map(\.name.columns).max() ?? 0, indent)
        let space = String(repeating: " ", count: indent)
        for line in lines {
            let name = space + line.name
            Output.hanging([(name.padded(to: start - 2), nil)], line.value, line.paint, at: start)
        }
    }

    /// How many columns a value has beside names of this width; `columns` where there is no terminal.
    static func room(names width: Int, orElse columns: Int) -> Int {
        (Display.columns ?? columns) - start(names: width, 0)
    }

    /// Where values begin: below some names where there is no room beside all.
    private static func start(names width: Int, _ indent: Int) -> Int {
        let most = Display.columns.map { max($0 - leastColumns, indent + 4) } ?? .max
        return min(indent + width + 2, most)
    }
}
