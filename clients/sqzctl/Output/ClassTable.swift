internal import SqzProtocol

/// How well each class was told from the others.
enum ClassTable {
    /// More would hide what stands above; --json has all.
    private static let most = 20

    /// In their order, or, of many, the ones that came out worst.
    static func print(_ classes: [ClassFigures]?) {
        guard let classes, !classes.isEmpty else { return }
        let shown =
            classes.count <= most
            ? classes : Array(classes.filter { $0.pictures > 0 }.sorted { $0.share < $1.share }.prefix(most))
        Output.line("")
        if shown.count < classes.count {
            Output.line("the worst of \(Format.count(classes.count, "class", "classes")):")
        }
        Table(
            shown,
            [
                .text("CLASS") { $0.name },
                .number("PICTURES") { Format.number($0.pictures) },
                .number("CORRECT") { Format.number($0.correct) },
                .number("ACCURACY") { $0.recall.map(Format.percent) ?? "" },
                .number("PRECISION") { $0.precision.map(Format.percent) ?? "" }.detail,
            ]
        ).print()
    }
}

extension ClassFigures {
    fileprivate var share: Double { Double(correct) / Double(max(pictures, 1)) }

    /// Of its pictures how many were put into it; nil without pictures.
    var recall: Double? { pictures > 0 ? Double(correct) / Double(pictures) : nil }
    /// F1, the harmonic mean of precision and recall.
    var meanOfBoth: Double? {
        guard let precision, let recall, precision + recall > 0 else { return nil }
        return 2 * precision * recall / (precision + recall)
    }

    /// Of the pictures that were put into it how many are of it; nil without such.
    var precision: Double? { predicted.flatMap { $0 > 0 ? Double(correct) / Double($0) : nil } }
}
