internal import Varlink

/// Rows for people: columns as wide as their widest cell, numbers to the right.
struct Table {
    private var rows: [[String]]
    private let numeric: Set<Int>

    /// - Parameter numeric: the columns that hold numbers.
    init(_ titles: [String], numeric: Set<Int> = []) {
        rows = [titles]
        self.numeric = numeric
    }

    /// A row for each element.
    init<Element>(_ elements: [Element], _ columns: [Column<Element>]) {
        self.init(columns.map(\.title), numeric: Set(columns.indices.filter { columns[$0].isNumber }))
        for element in elements { add(columns.map { $0.cell(element) }) }
    }

    mutating func add(_ cells: [String]) { rows.append(cells.map(\.cell)) }

    /// On a terminal no line is longer than it is wide.
    func print() {
        let columns = Terminal.output?.columns ?? .max
        let widths = self.widths(in: columns)
        for row in rows {
            let cells = row.enumerated().map { column, cell in
                cell.cut(to: widths[column]).padded(to: widths[column], atStart: numeric.contains(column))
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            Output.line(line.cut(to: columns))
        }
    }

    /// How wide each column is: as its widest cell, or less of the widest texts where there is no room.
    private func widths(in columns: Int) -> [Int] {
        var widths = rows[0].indices.map { column in rows.map { $0[column].columns }.max() ?? 0 }
        let texts = widths.indices.filter { !numeric.contains($0) }
        while widths.reduce(2 * (widths.count - 1), +) > columns,
            let widest = texts.max(by: { widths[$0] < widths[$1] }), widths[widest] > Self.leastWidth
        {
            widths[widest] -= 1
        }
        return widths
    }

    /// Less says nothing.
    private static let leastWidth = 8
}

/// A column of a table, and what an element has in it.
struct Column<Element>: Sendable {
    let title: String
    let isNumber: Bool
    let cell: @Sendable (Element) -> String

    static func text(_ title: String, _ cell: @escaping @Sendable (Element) -> String) -> Self {
        Self(title: title, isNumber: false, cell: cell)
    }

    static func number(_ title: String, _ cell: @escaping @Sendable (Element) -> String) -> Self {
        Self(title: title, isNumber: true, cell: cell)
    }
}

extension Daemon {
    /// Lists what a method tells of.
    func list<M: VarlinkMethod, Element>(
        _ method: M.Type, _ parameters: M.Parameters, _ elements: (M.Reply) -> [Element], _ columns: [Column<Element>]
    ) throws {
        try show(method, parameters) { Table(elements($0), columns).print() }
    }
}
