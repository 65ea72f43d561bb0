internal import SqzProtocol

/// Rows for people: columns as wide as their widest cell, numbers to the right. On a terminal no line is longer than it is wide.
struct Table {
    private struct Cell {
        let text: String
        var paint = Optional<Paint>.none
        /// The same in so many columns.
        var fitted = Optional<(Int) -> String>.none
    }

    private var rows: [[Cell]]
    private let numeric: Set<Int>
    /// The columns whose cells are cut in the middle.
    private var names: Set<Int> = []
    /// To how many columns a column's texts are cut before those of others are.
    private var least: [Int: Int] = [:]

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
            // A number is not cut.
            while Self(elements, whole: columns).leastWidth(in: room) > room,
                let last = columns.indices.dropFirst().last(where: { columns[$0].isNumber })
            {
                columns.remove(at: last)
            }
        }
        self.init(elements, whole: columns)
    }

    private init<Element>(_ elements: [Element], whole columns: [Column<Element>]) {
        self.init(columns.map(\.title), numeric: Set(columns.indices.filter { columns[$0].isNumber }))
        names = Set(columns.indices.filter { columns[$0].isName })
        least = Dictionary(
            uniqueKeysWithValues: columns.enumerated().compactMap { at, it in it.least.map { (at, $0) } })
        for element in elements {
            rows.append(
                columns.map { column in
                    Cell(
                        text: column.cell(element).cell, paint: column.paint(element),
                        fitted: column.fitted.map { fitted in { fitted(element, $0) } })
                })
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
                let (text, width) = (row[column].text, widths[column])
                let cut =
                    text.columns <= width
                    ? text
                    : row[column].fitted?(width)
                        ?? (names.contains(column) ? text.cutInside(to: width) : text.cut(to: width))
                return Cell(text: cut, paint: row[column].paint)
            }
            return line(of: cells, widths, columns)
        }
    }

    /// As many lines a row as its texts need, of whole words; where a terminal has no room for these side by side, each on a line of
    /// its own, below the first.
    func printWrapped() {
        let columns = Display.columns ?? .max
        var widths = rows[0].indices.map { column in rows.map { $0[column].text.columns }.max() ?? 0 }
        let least = rows[0].indices.map { column in rows.map { $0[column].text.leastColumns }.max() ?? 0 }
        let gaps = 2 * (widths.count - 1)
        guard least.reduce(gaps, +) <= columns else { return printBelow() }
        while widths.reduce(gaps, +) > columns,
            let widest = widths.indices.filter({ widths[$0] > least[$0] }).max(by: { widths[$0] < widths[$1] })
        {
            widths[widest] -= 1
        }
        for row in rows {
            let cells = zip(row, widths).map { $0.text.lines(of: $1) }
            for line in 0..<(cells.map(\.count).max() ?? 0) {
                let texts = cells.map { Cell(text: line < $0.count ? $0[line] : "") }
                Output.paintedLine(self.line(of: texts, widths, columns))
            }
        }
    }

    private func printBelow() {
        for row in rows.dropFirst() {
            Output.line(row[0].text)
            var fields = Fields()
            fields.indent = 2 + row[0].text.prefix { $0 == " " }.count
            for (title, cell) in zip(rows[0], row).dropFirst() { fields.add(title.text, cell.text) }
            fields.print()
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

    /// How wide each column is: as its widest cell, or less of the widest texts where there is no room; of those first that say how
    /// little is enough. The first column gives way last, and keeps half of it: the names in it are what other verbs take.
    private func widths(in columns: Int) -> [Int] {
        var widths = rows[0].indices.map { column in rows.map { $0[column].text.columns }.max() ?? 0 }
        let texts = widths.indices.dropFirst().filter { !numeric.contains($0) }
        func shrink(_ texts: [Int], to floor: (Int) -> Int) {
            while widths.reduce(2 * (widths.count - 1), +) > columns,
                let widest = texts.filter({ widths[$0] > floor($0) }).max(by: { widths[$0] < widths[$1] })
            {
                widths[widest] -= 1
            }
        }
        shrink(texts.filter { least[$0] != nil }) { max(least[$0] ?? 0, Self.leastWidth) }
        shrink(texts) { _ in Self.leastWidth }
        let excess = widths.reduce(2 * (widths.count - 1), +) - columns
        if excess > 0, !numeric.contains(0) { widths[0] = max(widths[0] - excess, min(widths[0], columns / 2)) }
        return widths
    }

    /// With every text cut as far as it may be.
    private func leastWidth(in columns: Int) -> Int { widths(in: columns).reduce(2 * (rows[0].count - 1), +) }

    /// Less says nothing.
    private static let leastWidth = 8
}
