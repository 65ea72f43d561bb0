internal import SqzProtocol

// The pictures that a model was most certainly wrong or right about.
extension ReportPage {
    var mistakes: String? {
        guard data.measurement != nil, !data.mistakes.isEmpty else { return nil }
        return HTML.section(
            "mistakes", "The worst mistakes",
            [
                HTML.paragraph("Pictures that were put into a wrong class, those first that the model was surest of."),
                pictures(data.mistakes),
            ])
    }

    var examples: String? {
        guard data.measurement != nil, !data.examples.isEmpty else { return nil }
        return HTML.section(
            "examples", "The best examples",
            [
                HTML.paragraph("Of each class the picture that was put into it with the highest probability."),
                pictures(data.examples),
            ])
    }

    private func pictures(_ pictures: ArraySlice<MeasuredPicture>) -> String {
        let figures = pictures.map { one in
            let (label, predicted) = (data.names.name(one.label), data.names.name(one.predicted))
            let name = one.file ?? "picture \(one.picture)"
            let words =
                one.label == one.predicted
                ? "\(label), \(Format.percent(one.probability))"
                : "\(label), put into \(predicted) with \(Format.percent(one.probability)); \(label) got \(Format.percent(one.labelProbability))"
            let image =
                data.pictures[one.picture].map {
                    #"<img alt="\#("\(name): \(words)".escaped)" src="data:image/png;base64,\#($0)">"#
                } ?? #"<p class="faint">The picture is not there any more.</p>"#
            return "<figure>\(image)<figcaption>\(words.escaped)<br>\(name.escaped)</figcaption></figure>"
        }
        return #"<div class="pictures">\#(figures.joined(separator: "\n"))</div>"#
    }
}
