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
        rows += elements.map { element in columns.map { $0.cell(element) } }
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
