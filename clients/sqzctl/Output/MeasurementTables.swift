internal import SqzProtocol

/// Which classes were taken for which, and the pictures of which that is most certain to be wrong.
enum MeasurementTables {
    /// More lines would hide what stands above; --json has all.
    private static let mostRows = 10
    /// A matrix of more classes is no table that one can read.
    private static let mostClasses = 12

    static func print(_ outcome: Outcome?) {
        guard let found = outcome?.measurement, let names = outcome?.byClass?.map(\.name), !names.isEmpty else {
            return
        }
        if names.count <= mostClasses, let matrix = matrix(found.confusion, names) {
            Output.line("")
            Output.line("a row is a class, its columns what its pictures were put into:")
            matrix.print()
        } else {
            printMostFrequent(found.confusion, names)
        }
        printMistakes(found.mistakes, names)
    }

    /// nil where a terminal has no room for it.
    private static func matrix(_ cells: [ConfusionCell], _ names: [String]) -> Table? {
        let titles = names.map { $0.cell.cut(to: 8) }
        var table = Table([""] + titles, numeric: Set(1...names.count))
        var counts = Array(repeating: Array(repeating: 0, count: names.count), count: names.count)
        for cell in cells where names.indices.contains(cell.label) && names.indices.contains(cell.predicted) {
            counts[cell.label][cell.predicted] = cell.pictures
        }
        let rows = counts.map { $0.map { $0 == 0 ? "." : Format.number($0) } }
        let widths = titles.indices.map { column in
            max(titles[column].columns, rows.map { $0[column].columns }.max() ?? 0)
        }
        let rest = widths.reduce(0) { $0 + $1 + 2 }
        guard rest + 8 <= Display.columns ?? .max else { return nil }
        for (name, row) in zip(names, rows) { table.add([name] + row) }
        return table
    }

    private static func printMostFrequent(_ cells: [ConfusionCell], _ names: [String]) {
        let wrong = cells.filter { $0.label != $0.predicted }.sorted { $0.pictures > $1.pictures }
        guard !wrong.isEmpty else { return }
        Output.line("")
        Output.line("most often taken for another:")
        Table(
            Array(wrong.prefix(mostRows)),
            [
                .name("CLASS") { names.name($0.label) }, .name("PUT INTO") { names.name($0.predicted) },
                .number("PICTURES") { Format.number($0.pictures) },
            ]
        ).print()
    }

    private static func printMistakes(_ mistakes: [MeasuredPicture], _ names: [String]) {
        guard !mistakes.isEmpty else { return }
        Output.line("")
        Output.line("the worst mistakes:")
        Table(
            Array(mistakes.prefix(mostRows)),
            [
                .number("PICTURE") { String($0.picture) }, .name("CLASS") { names.name($0.label) },
                .name("PUT INTO") { names.name($0.predicted) },
                .number("PROBABILITY") { Format.percent($0.probability) },
                .number("OF ITS OWN") { Format.percent($0.labelProbability) }.detail(2),
                .name("FILE") { $0.file ?? "" }.detail,
            ]
        ).print()
    }
}

extension [String] {
    /// What a class is called, whose number a daemon told.
    func name(_ index: Int) -> String { indices.contains(index) ? self[index] : String(index) }
}
