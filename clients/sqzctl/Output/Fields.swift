/// A name and a value a line.
struct Fields {
    private var lines: [(String, String)] = []

    mutating func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { lines.append((name, value)) }
    }

    func print() {
        let lines = self.lines.map { ($0.cell, $1) }
        let width = lines.map(\.0.columns).max() ?? 0
        for (name, value) in lines { Output.line(name.padded(to: width) + "  " + value) }
    }
}
