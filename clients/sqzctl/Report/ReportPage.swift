internal import Glibc
internal import SqzProtocol

/// A page about a training and its model, which needs nothing but itself: no network, no scripts.
struct ReportPage {
    let data: ReportData

    var text: String {
        let sections = [head, curves, confusion, classes, reliability, mistakes, examples, origin].compactMap(\.self)
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
            <title>\(data.title.escaped)</title>
            <style>
            \(HTML.style)
            \(SVG.style)
            </style>
            </head>
            <body>
            <main>
            \(sections.joined(separator: "\n"))
            </main>
            <footer><p class="faint">Made by sqzctl \(Version.current.escaped) on \(Format.time(Int(time(nil)) * 1_000_000).escaped).</p></footer>
            </body>
            </html>

            """
    }

    private var head: String {
        let outcome = data.outcome
        let found = data.measurement
        let tiles: [(String, String?)] = [
            ("accuracy", (outcome?.accuracy ?? data.model?.accuracy).map(percent)),
            ("top-5 accuracy", found?.topFive.map(percent)),
            ("loss", (outcome?.loss ?? data.model?.loss).map(Format.figure)),
            ("calibration error", found?.calibrationError.map(percent)),
            ("parameters", data.model.map { Format.number($0.parameters) }),
            ("file", data.model.map { Format.bytes($0.size) }),
            (took, data.training?.job.seconds.map(Format.took)),
        ]
        let warning = outcome?.warning ?? data.model?.warning
        return """
            <h1>\(data.title.escaped)</h1>
            \(HTML.paragraph(summary))
            \(warning.map { #"<p class="warning">Warning: \#($0.escaped)</p>"# } ?? "")
            \(HTML.facts(tiles, style: "tiles"))
            """
    }

    /// What of a job's time: one that makes another model of one has trained nothing.
    private var took: String {
        switch data.training?.job.kind {
        case "calibrate": "calibrating took"
        case "quantize": "quantizing took"
        case "compress": "compressing took"
        default: "training took"
        }
    }

    /// What it is, in a sentence or two.
    private var summary: String {
        var parts: [String] = []
        if let model = data.model {
            parts.append(
                "\(model.name)@\(model.version) is a \(model.architecture) (bypass \(model.bypass)) that tells \(Format.count(model.classes.count, "class", "classes")) apart."
            )
        }
        if let job = data.training?.job {
            let state = job.state == .succeeded ? "" : ", which is \(job.state.rawValue)"
            parts.append(
                "Job \(job.id) \(job.kind == "train" ? "trained" : "made") it" + (job.dataset.map { " on \($0)" } ?? "")
                    + state + ".")
        }
        if let job = data.measured, let outcome = job.outcome, data.measurement != nil {
            let count = data.classes.reduce(0) { $0 + $1.pictures }
            let which = outcome.measured ?? "those it was validated on"
            parts.append("The figures are of \(Format.count(count, "picture")) (\(which)), measured by job \(job.id).")
        } else if let model = data.model, let dataset = data.dataset {
            parts.append(
                "Nothing was measured class by class; sqzctl evaluate --data \(dataset.name) --model \(model.name)@\(model.version) does that."
            )
        }
        return parts.joined(separator: " ")
    }

    func percent(_ value: Double) -> String { Format.decimal(value * 100, places: 2) + " %" }

    private var curves: String? {
        guard let training = data.training else { return nil }
        let charts = TrainingCharts([training])
        guard !charts.charts.isEmpty else { return nil }
        return HTML.section(
            "curves", "How the training went",
            [#"<div class="curves">\#(charts.drawings.joined())</div>"#]
                + charts.charts.map { HTML.paragraph($0.words) })
    }
}
