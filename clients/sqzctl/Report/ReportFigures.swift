internal import FoundationEssentials
internal import SqzProtocol

// What was found of each class, and of the probabilities.
extension ReportPage {
    /// A table of more has no room anywhere.
    private static let mostInTable = 24
    private static let mostConfusions = 15

    var confusion: String? {
        guard let found = data.measurement, !data.names.isEmpty, !found.confusion.isEmpty else { return nil }
        var parts = [
            HTML.paragraph(
                "A row is a class, a column what its pictures were put into: the darker, the more. What is off the diagonal is wrong."
            )
        ]
        if data.names.count <= Self.mostInTable {
            parts.append(matrix(found.confusion))
        } else if let picture = ConfusionPicture(found, classes: data.names.count) {
            let words =
                "The confusion matrix of \(data.names.count) classes, from the first class at the top and at the left to the last one."
            parts.append(
                """
                <figure><img class="pixels" alt="\(words.escaped)" width="\(picture.width)" height="\(picture.width)" \
                src="data:image/png;base64,\(Data(picture.png).base64EncodedString())"><figcaption>\(words.escaped)</figcaption></figure>
                """)
        }
        let wrong = found.confusion.filter { $0.label != $0.predicted }.sorted { $0.pictures > $1.pictures }
        if wrong.isEmpty {
            parts.append(HTML.paragraph("Every picture was put into its class."))
        } else {
            parts.append(
                HTML.table(
                    "Most often taken for another", ["class", "put into", "pictures"],
                    wrong.prefix(Self.mostConfusions).map {
                        [data.names.name($0.label), data.names.name($0.predicted), Format.number($0.pictures)]
                    }, numeric: [2]))
        }
        if let rest = found.confusionRest {
            parts.append(HTML.paragraph("\(Format.count(rest, "picture")) of rarer kinds are left out."))
        }
        return HTML.section("confusion", "Which classes were taken for which", parts)
    }

    private func matrix(_ cells: [ConfusionCell]) -> String {
        let count = data.names.count
        var counts = Array(repeating: Array(repeating: 0, count: count), count: count)
        for cell in cells where cell.label < count && cell.predicted < count {
            counts[cell.label][cell.predicted] = cell.pictures
        }
        let head = data.names.map { #"<th scope="col">\#($0.escaped)</th>"# }.joined()
        let rows = counts.enumerated().map { label, row in
            let all = max(row.reduce(0, +), 1)
            let cells = row.enumerated().map { predicted, pictures in
                guard pictures > 0 else { return #"<td class="faint">0</td>"# }
                let kind = label == predicted ? "hit" : "miss"
                // Never so dark that the number can't be read.
                let shade = Format.decimal(0.1 + 0.4 * Double(pictures) / Double(all), places: 2)
                return #"<td style="background:rgba(var(--\#(kind)),\#(shade))">\#(Format.number(pictures))</td>"#
            }.joined()
            return #"<tr><th scope="row">\#(data.names[label].escaped)</th>\#(cells)</tr>"#
        }
        return """
            <div class="scroll matrix" tabindex="0" role="region" aria-label="confusion matrix"><table>
            <caption>Confusion matrix: classes at the left, what they were put into above</caption>
            <thead><tr><td></td>\(head)</tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table></div>
            """
    }

    var classes: String? {
        guard !data.classes.isEmpty else { return nil }
        func share(_ value: Double?) -> String { value.map(Format.percent) ?? "–" }
        let rows = data.classes.map { one in
            [
                one.name, Format.number(one.pictures), Format.number(one.correct), share(one.precision),
                share(one.recall), share(one.meanOfBoth),
            ]
        }
        let known = data.classes.filter { $0.recall != nil }
        let worst = known.min { ($0.recall ?? 0) < ($1.recall ?? 0) }
        let words =
            "Precision: of the pictures that were put into a class, how many are of it. Recall: of its pictures, how many were put into it."
            + (worst.map { " The lowest recall has \($0.name), \(share($0.recall))." } ?? "")
        return HTML.section(
            "classes", "Class by class",
            [
                HTML.paragraph(words),
                HTML.table(
                    "Precision and recall of each class",
                    ["class", "pictures", "correct", "precision", "recall", "F1"],
                    rows, numeric: [1, 2, 3, 4, 5]),
            ])
    }

    var reliability: String? {
        guard let found = data.measurement, let error = found.calibrationError else { return nil }
        let diagram = ReliabilityDiagram(found.calibration)
        let trust = diagram.isTooSure ? "more" : "less"
        let calibrated = data.outcome.flatMap { outcome in
            outcome.temperature.flatMap { temperature in
                outcome.before?.calibrationError.map { before in
                    HTML.paragraph(
                        "Before its logits were divided by a temperature of \(Format.figure(temperature)), the error was \(percent(before))."
                    )
                }
            }
        }
        return HTML.section(
            "reliability", "How far the probabilities can be trusted",
            [
                diagram.drawing(isAlone: false),
                HTML.paragraph(
                    """
                    Bars that end on the diagonal would mean that of the pictures with a probability of 80 %, 80 % are right. The mean \
                    distance, the expected calibration error, is \(percent(error)): on the whole the model is \(trust) sure than it is right.
                    """), calibrated ?? "",
                HTML.table(
                    "Probability and accuracy", ["probability", "pictures", "mean probability", "accuracy"],
                    diagram.rows, numeric: [1, 2, 3]),
            ])
    }
}
