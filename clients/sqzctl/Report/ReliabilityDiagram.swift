internal import SqzProtocol

/// How often a model was right, by how sure it was.
struct ReliabilityDiagram {
    private let bins: [CalibrationBin]

    init(_ bins: [CalibrationBin]) { self.bins = bins }

    /// Whether the probabilities are larger than the accuracy, over all pictures.
    var isTooSure: Bool {
        bins.reduce(0) { $0 + Double($1.pictures) * ($1.probability ?? 0) - Double($1.correct) } > 0
    }

    private func accuracy(_ bin: CalibrationBin) -> Double? {
        bin.pictures > 0 ? Double(bin.correct) / Double(bin.pictures) : nil
    }

    /// Of the bins that have pictures: their bounds, how many, their mean probability, their accuracy.
    var rows: [[String]] {
        bins.enumerated().compactMap { index, bin in
            guard let accuracy = accuracy(bin), let probability = bin.probability else { return nil }
            func bound(_ place: Int) -> String { Format.decimal(100 * Double(place) / Double(bins.count), places: 0) }
            return [
                "\(bound(index)) to \(bound(index + 1)) %", Format.number(bin.pictures), Format.percent(probability),
                Format.percent(accuracy),
            ]
        }
    }

    private static let side = 300.0
    private static let (left, top) = (56.0, 34.0)

    func drawing(isAlone: Bool) -> String {
        let side = Self.side
        func x(_ share: Double) -> Double { Self.left + share * side }
        func y(_ share: Double) -> Double { Self.top + (1 - share) * side }
        var parts = [SVG.text("Accuracy by probability", x: Self.left, y: 20, size: 15)]
        for tick in stride(from: 0.0, through: 1, by: 0.25) {
            parts.append(LineChart.rule(x(0), y(tick), x(1), y(tick), "grid"))
            let label = Format.decimal(tick * 100, places: 0) + " %"
            parts.append(SVG.text(label, x: x(0) - 8, y: y(tick) + 4, "faint", anchor: "end"))
            parts.append(SVG.text(label, x: x(tick), y: y(0) + 18, "faint", anchor: "middle"))
        }
        for (index, bin) in bins.enumerated() {
            guard let accuracy = accuracy(bin) else { continue }
            let width = side / Double(bins.count)
            parts.append(
                """
                <rect class="f0" x="\(SVG.number(x(0) + Double(index) * width + 1))" y="\(SVG.number(y(accuracy)))" \
                width="\(SVG.number(width - 2))" height="\(SVG.number(max(accuracy * side, 1)))"/>
                """)
        }
        parts.append(
            #"<path class="line c1 dashed" d="M\#(SVG.number(x(0))) \#(SVG.number(y(0)))L\#(SVG.number(x(1))) \#(SVG.number(y(1)))"/>"#
        )
        parts.append(SVG.text("probability", x: x(1), y: y(0) + 34, "faint", anchor: "end"))
        let words = rows.map { "Probability \($0[0]): \($0[1]) pictures, accuracy \($0[3])." }.joined(separator: " ")
        return SVG.drawing(
            id: "reliability-diagram", width: Int(side + Self.left) + 24, height: Int(side + Self.top) + 44,
            title: "Reliability diagram", description: words, isAlone: isAlone, parts.joined(separator: "\n"))
    }
}
