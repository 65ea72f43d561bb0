internal import Varlink

/// Rows for people: columns as wide as their widest cell, numbers to the right. On a terminal no line is longer than it is wide.
struct Table {
    private var rows: [[String]]
    private let numeric: Set<Int>

    /// - Parameter numeric: the columns that hold numbers.
    init(_ titles: [String], numeric: Set<Int> = []) {
        rows = [titles]
        self.numeric = numeric
    }

    /// A row for each element. A column in which none of them has anything is left out, and details where a terminal has no room.
    init<Element>(_ elements: [Element], _ all: [Column<Element>]) {
        var columns = all.filter { column in elements.isEmpty || elements.contains { !column.cell($0).isEmpty } }
        if let room = Terminal.output?.columns {
            while Self(elements, whole: columns).width > room, let detail = columns.lastIndex(where: \.isDetail) {
                columns.remove(at: detail)
            }
        }
        self.init(elements, whole: columns)
    }

    private init<Element>(_ elements: [Element], whole columns: [Column<Element>]) {
        self.init(columns.map(\.title), numeric: Set(columns.indices.filter { columns[$0].isNumber }))
        for element in elements { add(columns.map { $0.cell(element) }) }
    }

    mutating func add(_ cells: [String]) { rows.append(cells.map(\.cell)) }

    /// With every cell whole.
    private var width: Int { widths(in: .max).reduce(2 * (rows[0].count - 1), +) }

    /// A line a row: what has no room in its column is cut.
    func print() {
        let columns = Terminal.output?.columns ?? .max
        let widths = self.widths(in: columns)
        for row in rows { print(zip(row, widths).map { $0.cut(to: $1) }, widths, columns) }
    }

    /// As many lines a row as its texts need.
    func printWrapped() {
        let columns = Terminal.output?.columns ?? .max
        let widths = self.widths(in: columns)
        for row in rows {
            let cells = zip(row, widths).map { $0.lines(of: $1) }
            for line in 0..<(cells.map(\.count).max() ?? 0) {
                print(cells.map { line < $0.count ? $0[line] : "" }, widths, columns)
            }
        }
    }

    private func print(_ cells: [String], _ widths: [Int], _ columns: Int) {
        let padded = cells.enumerated().map { column, cell in
            cell.padded(to: widths[column], atStart: numeric.contains(column))
        }
        Output.line(padded.joined(separator: "  ").withoutEnd.cut(to: columns))
    }

    /// How wide each column is: as its widest cell, or less of the widest texts where there is no room. The first gives
    /// way last, and keeps half of it: the names in it are what other verbs take.
    private func widths(in columns: Int) -> [Int] {
        var widths = rows[0].indices.map { column in rows.map { $0[column].columns }.max() ?? 0 }
        let texts = widths.indices.dropFirst().filter { !numeric.contains($0) }
        while widths.reduce(2 * (widths.count - 1), +) > columns,
            let widest = texts.max(by: { widths[$0] < widths[$1] }), widths[widest] > Self.leastWidth
        {
            widths[widest] -= 1
        }
        let excess = widths.reduce(2 * (widths.count - 1), +) - columns
        if excess > 0, !numeric.contains(0) { widths[0] = max(widths[0] - excess, min(widths[0], columns / 2)) }
        return widths
    }

    /// Less says nothing.
    private static let leastWidth = 8
}

/// A column of a table, and what an element has in it.
struct Column<Element>: Sendable {
    let title: String
    let isNumber: Bool
    /// Whether it says what one can do without, and look up.
    private(set) var isDetail = false
    let cell: @Sendable (Element) -> String

    static func text(_ title: String, _ cell: @escaping @Sendable (Element) -> String) -> Self {
        Self(title: title, isNumber: false, cell: cell)
    }

    var detail: Self {
        var column = self
        column.isDetail = true
        return column
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
