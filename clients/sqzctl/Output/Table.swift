/// Rows for people: columns as wide as their widest cell, numbers to the right.
struct Table {
    private var rows: [[String]]
    private let numeric: Set<Int>

    /// - Parameter numeric: the columns that hold numbers.
    init(_ titles: [String], numeric: Set<Int> = []) {
        rows = [titles]
        self.numeric = numeric
    }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    func print() {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return numeric.contains(column) ? space + cell : cell + space
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            Output.line(line)
        }
    }
}

/// A name and a value a line.
struct Fields {
    private var lines: [(String, String)] = []

    mutating func add(_ name: String, _ value: String?) {
        if let value { lines.append((name, value)) }
    }

    func print() {
        let width = lines.map(\.0.count).max() ?? 0
        for (name, value) in lines {
            Output.line(name + String(repeating: " ", count: width - name.count) + "  " + value)
        }
    }
}
