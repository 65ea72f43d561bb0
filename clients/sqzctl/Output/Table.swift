internal import SqzProtocol
internal import Varlink

/// Rows for people: columns as wide as their widest cell, numbers to the right. On a terminal no line is longer than it is wide.
struct Table {
    private struct Cell {
        let text: String
        var paint = Optional<Paint>.none
    }

    private var rows: [[Cell]]
    private let numeric: Set<Int>
    /// The columns whose cells are cut in the middle.
    private var names: Set<Int> = []

    /// - Parameter numeric: the columns that hold numbers.
    init(_ titles: [String], numeric: Set<Int> = []) {
        rows = [titles.map { Cell(text: $0) }]
        self.numeric = numeric
    }

    /// A row for each element. A column in which none of them has anything is left out, and details where a terminal has no room,
    /// those first that matter least.
    init<Element>(
        _ elements: [Element], _ all: [Column<Element>], columns room: Int? = Display.columns
    ) {
        var columns = all.filter { column in
            elements.isEmpty || elements.contains { !column.cell($0).isEmpty }
        }
        if let room {
            while Self(elements, whole: columns).width(of: columns.map(\.least)) > room,
                let rank = columns.map(\.rank).max(), rank > 0,
                let least = columns.lastIndex(where: { $0.rank == rank })
            {
                columns.remove(at: least)
            }
        }
        self.init(elements, whole: columns)
    }

    private init<Element>(_ elements: [Element], whole columns: [Column<Element>]) {
        self.init(columns.map(\.title), numeric: Set(columns.indices.filter { columns[$0].isNumber }))
        names = Set(columns.indices.filter { columns[$0].isName })
        for element in elements {
            rows.append(columns.map { Cell(text: $0.cell(element).cell, paint: $0.paint(element)) })
        }
    }

    mutating func add(_ cells: [String]) { rows.append(cells.map { Cell(text: $0.cell) }) }

    /// With every cell whole, but for what a column can do with.
    private func width(of least: [Int?]) -> Int {
        zip(widths(in: .max), least).reduce(2 * (rows[0].count - 1)) { $0 + min($1.0, $1.1 ?? .max) }
    }

    /// A line a row: what has no room in its column is cut.
    func print() { for line in lines(columns: Display.columns ?? .max) { Output.paintedLine(line) } }

    /// A line a row, the titles first.
    func lines(columns: Int) -> [[(text: String, paint: Paint?)]] {
        let widths = self.widths(in: columns)
        return rows.map { row in
            let cells = row.indices.map { column in
                let text = row[column].text
                let cut =
                    names.contains(column) ? text.cutInside(to: widths[column]) : text.cut(to: widths[column])
                return Cell(text: cut, paint: row[column].paint)
            }
            return line(of: cells, widths, columns)
        }
    }

    /// As many lines a row as its texts need.
    func printWrapped() {
        let columns = Display.columns ?? .max
        let widths = self.widths(in: columns)
        for row in rows {
            let cells = zip(row, widths).map { $0.text.lines(of: $1) }
            for line in 0..<(cells.map(\.count).max() ?? 0) {
                let texts = cells.map { Cell(text: line < $0.count ? $0[line] : "") }
                Output.paintedLine(self.line(of: texts, widths, columns))
            }
        }
    }

    private func line(of cells: [Cell], _ widths: [Int], _ columns: Int) -> [(
        text: String, paint: Paint?
    )] {
        let padded = cells.enumerated().map { column, cell in
            cell.text.padded(to: widths[column], atStart: numeric.contains(column))
        }
        let whole = padded.joined(separator: "  ").withoutEnd
        guard whole.columns <= columns, cells.contains(where: { $0.paint != nil }) else {
            return [(whole.cut(to: columns), nil)]
        }
        var parts: [(text: String, paint: Paint?)] = []
        for (index, cell) in cells.enumerated() {
            let end = index == cells.count - 1 ? "" : "  "
            let text = padded[index].withoutEnd
            parts.append((text, cell.paint))
            parts.append((String(repeating: " ", count: padded[index].columns - text.columns) + end, nil))
        }
        while let last = parts.last, last.text.withoutEnd.isEmpty { parts.removeLast() }
        return parts
    }

    /// How wide each column is: as its widest cell, or less of the widest texts where there is no room. The first gives
    /// way last, and keeps half of it: the names in it are what other verbs take.
    private func widths(in columns: Int) -> [Int] {
        var widths = rows[0].indices.map { column in rows.map { $0[column].text.columns }.max() ?? 0 }
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
    /// Whether its cells are names, of which the end says as much as the beginning.
    private(set) var isName = false
    /// How soon one can do without it, from 1 on; 0: never.
    private(set) var rank = 0
    /// With how many columns a terminal shows enough of it; nil: all.
    private(set) var least: Int?
    private(set) var paint: @Sendable (Element) -> Paint? = { _ in nil }
    let cell: @Sendable (Element) -> String

    private init(_ title: String, isNumber: Bool, _ cell: @escaping @Sendable (Element) -> String) {
        self.title = title
        self.isNumber = isNumber
        self.cell = cell
    }

    static func text(_ title: String, _ cell: @escaping @Sendable (Element) -> String) -> Self {
        Self(title, isNumber: false, cell)
    }

    static func number(_ title: String, _ cell: @escaping @Sendable (Element) -> String) -> Self {
        Self(title, isNumber: true, cell)
    }

    static func name(_ title: String, _ cell: @escaping @Sendable (Element) -> String) -> Self {
        var column = text(title, cell)
        column.isName = true
        return column
    }

    static func state(_ title: String, _ state: @escaping @Sendable (Element) -> State) -> Self {
        var column = text(title) { state($0).rawValue }
        column.paint = { Paint.of(state($0)) }
        return column
    }

    /// It says what one can do without, and look up.
    var detail: Self { detail(1) }

    /// - Parameter rank: the higher goes first, of equals the last.
    func detail(_ rank: Int) -> Self {
        var column = self
        column.rank = rank
        return column
    }

    /// Its texts may be cut to so many columns before a detail goes.
    func least(_ columns: Int) -> Self {
        var column = self
        column.least = columns
        return column
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
