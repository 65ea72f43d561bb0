internal import SqzProtocol

/// The curves of trainings: loss, accuracy and learning rate, each with the lines of all of them.
struct TrainingCharts {
    let charts: [LineChart]
    private let runs: [TrainingRun]

    init(_ runs: [TrainingRun]) {
        self.runs = runs
        let isOne = runs.count == 1
        func lines(_ kind: String, isDashed: Bool = false, _ value: @escaping (Progress) -> Double?) -> [LineChart.Line]
        {
            runs.enumerated().map { index, run in
                LineChart.Line(
                    name: isOne ? kind : "\(run.name), \(kind)",
                    points: run.epochs.map { ($0.progress.epoch, value($0.progress)) }, colour: index,
                    isDashed: isDashed)
            }
        }
        charts = [
            LineChart("Loss", lines("validation", \.validationLoss) + lines("training", isDashed: true, \.loss)),
            LineChart(
                "Accuracy", isPercentage: true,
                lines("validation", \.validationAccuracy) + lines("training", isDashed: true, \.accuracy)),
            LineChart("Learning rate", lines("learning rate", \.learningRate)),
        ].compactMap(\.self)
    }

    /// One drawing of all of them, with a legend.
    func drawing(title: String) -> String {
        drawing(id: "curves", title: title, charts, width: 640, words: words, isAlone: true)
    }

    /// A drawing for each, as wide as a narrow screen.
    var drawings: [String] {
        charts.enumerated().map { index, chart in
            drawing(id: "curve-\(index)", title: nil, [chart], width: 360, words: chart.words, isAlone: false)
        }
    }

    /// What all of them show, in words.
    var words: String { charts.map(\.words).joined(separator: " ") }

    private func drawing(
        id: String, title: String?, _ charts: [LineChart], width: Int, words: String, isAlone: Bool
    ) -> String {
        let head = title.map { [SVG.text($0.cut(to: 70), x: 16, y: 24, size: 17)] } ?? []
        let legend = legend(of: charts, top: head.isEmpty ? 4 : 34)
        let start = (head.isEmpty ? 8 : 44) + 20 * Double(legend.count)
        let each = Double(LineChart.height + 8)
        let parts = charts.enumerated().map { $1.content(top: start + Double($0) * each, width: width) }
        return SVG.drawing(
            id: id, width: width, height: Int(start + each * Double(charts.count)), title: title ?? charts[0].title,
            description: words, isAlone: isAlone, (head + legend + parts).joined(separator: "\n"))
    }

    /// A line for each run, and one for what dashes mean.
    private func legend(of charts: [LineChart], top: Double) -> [String] {
        func sample(_ y: Double, _ colour: Int, isDashed: Bool = false) -> String {
            """
            <path class="line c\(colour % SVG.colours)\(isDashed ? " dashed" : "")" d="M16 \(SVG.number(y))L52 \(SVG.number(y))"/>
            """
        }
        let kinds = charts.contains { $0.lines.contains { $0.isDashed } }
        var rows: [String] = []
        func y() -> Double { top + 12 + 20 * Double(rows.count) }
        if runs.count > 1 {
            for (index, run) in runs.enumerated() {
                rows.append(
                    sample(y(), index) + LineChart.mark(index, 34, y())
                        + SVG.text(run.name.cut(to: 80), x: 62, y: y() + 4))
            }
        }
        if kinds {
            let grey = runs.count > 1 ? 5 : 0
            rows.append(
                sample(y(), grey) + SVG.text("validation", x: 62, y: y() + 4)
                    + #"<g transform="translate(140 0)">"# + sample(y(), grey, isDashed: true)
                    + SVG.text("training", x: 62, y: y() + 4) + "</g>")
        }
        return rows
    }
}
