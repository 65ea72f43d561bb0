internal import SqzProtocol

/// What the epochs of a job came to: a line for each curve, and a table.
struct HistoryTable {
    private let epochs: [Progress]
    private let best: Int?

    /// nil where there are no figures.
    init?(_ events: [Event]) {
        epochs = events.compactMap(\.progress)
        guard epochs.contains(where: { Format.figures($0).contains { $0 != nil } }) else { return nil }
        best = Self.best(of: epochs)
    }

    /// The first of the highest validation accuracies, else of the lowest validation losses.
    private static func best(of epochs: [Progress]) -> Int? {
        func first(_ value: (Progress) -> Double?) -> Int? {
            epochs.indices.filter { value(epochs[$0]) != nil }.reduce(nil) { best, index in
                guard let best, let old = value(epochs[best]), let new = value(epochs[index]) else {
                    return index
                }
                return new > old ? index : best
            }
        }
        return first(\.validationAccuracy) ?? first { $0.validationLoss.map(-) }
    }

    /// - Parameter rows: how many epochs the table has at most.
    func print(rows: Int) {
        Output.line("")
        if epochs.count > 1 {
            var fields = Fields()
            curve("loss", \.loss, Format.figure, &fields)
            curve("accuracy", \.accuracy, Format.percent, &fields)
            curve("validation loss", \.validationLoss, Format.figure, &fields)
            curve("validation accuracy", \.validationAccuracy, Format.percent, &fields)
            fields.print()
            Output.line("")
        }
        let shown = chosen(rows)
        Table(shown, columns).print()
        if shown.count < epochs.count {
            Output.line("\(shown.count) of \(epochs.count) epochs; --all-epochs shows all")
        }
    }

    private func curve(
        _ name: String, _ value: (Progress) -> Double?, _ text: (Double) -> String,
        _ fields: inout Fields
    ) {
        let values = epochs.map(value)
        guard values.contains(where: { $0 != nil }) else { return }
        let ends = Self.ends(values, text)
        // With what is between.
        let room = Fields.room(names: "validation accuracy".count, orElse: 80) - 2 - ends.count
        fields.add(name, "\(Sparkline.text(values, columns: min(max(room, 8), 60)))  \(ends)")
    }

    /// With what a curve begins, and with what it ends.
    static func ends(_ values: [Double?], _ text: (Double) -> String) -> String {
        let known = values.compactMap(\.self)
        guard let first = known.first, let last = known.last else { return "" }
        return "\(text(first)) to \(text(last))"
    }

    /// Evenly chosen, with the first, the last and the best.
    private func chosen(_ rows: Int) -> [(index: Int, progress: Progress)] {
        var indices = Array(epochs.indices)
        if epochs.count > rows {
            let spread = (0..<rows).map { $0 * (epochs.count - 1) / max(rows - 1, 1) }
            indices = Set(spread + [best].compactMap(\.self)).sorted()
        }
        return indices.map { ($0, epochs[$0]) }
    }

    private var columns: [Column<(index: Int, progress: Progress)>] {
        let best = best
        return [
            .number("EPOCH") { String($0.progress.epoch) },
            .number("LOSS") { $0.progress.loss.map(Format.figure) ?? "" }.detail(2),
            .number("ACCURACY") { $0.progress.accuracy.map(Format.percent) ?? "" }.detail(3),
            .number("VALIDATION LOSS") { $0.progress.validationLoss.map(Format.figure) ?? "" }.detail(4),
            .number("VALIDATION ACCURACY") { $0.progress.validationAccuracy.map(Format.percent) ?? "" },
            .text("BEST") { $0.index == best ? "*" : "" }.detail(1),
        ]
    }
}
