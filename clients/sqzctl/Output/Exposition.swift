internal import SqzProtocol

/// Figures as monitoring systems read them: a block of lines for each name.
struct Exposition {
    /// Prometheus' own text format, 0.0.4, is what promtool and the node exporter's textfile collector read; OpenMetrics 1.0 is what
    /// came of it.
    enum Format {
        case prometheus, openMetrics

        var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    private let format: Format
    private(set) var text = ""
    /// The name of the block that is being written.
    private var block = ""

    init(_ reply: ManagerInterface.Metrics.Reply, _ format: Format) {
        self.format = format
        for metric in reply.metrics {
            begin(metric.name, metric.kind.rawValue, metric.help)
            sample(metric.name, metric.labels, String(metric.value))
        }
        for histogram in reply.histograms ?? [] {
            begin(histogram.name, "histogram", histogram.help)
            add(histogram)
        }
        if format == .openMetrics { text += "# EOF\n" }
    }

    private mutating func begin(_ name: String, _ kind: String, _ help: String) {
        guard name != block else { return }
        block = name
        // A counter's block is called without the end that its sample has.
        let suffix = "_total"
        let name = format == .openMetrics && name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
        text += "# HELP \(name) \(escaped(help, quotes: format == .openMetrics))\n# TYPE \(name) \(kind)\n"
    }

    /// Each bucket holds those before it, too.
    private mutating func add(_ histogram: Histogram) {
        var below = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            below += count
            sample(histogram.name + "_bucket", histogram.labels, String(below), most: String(bound))
        }
        sample(histogram.name + "_bucket", histogram.labels, String(histogram.count), most: "+Inf")
        sample(histogram.name + "_sum", histogram.labels, String(histogram.sum))
        sample(histogram.name + "_count", histogram.labels, String(histogram.count))
    }

    private mutating func sample(_ name: String, _ labels: [String: String], _ value: String, most: String? = nil) {
        let all =
            labels.sorted { $0.key < $1.key } + [("le", most)].compactMap { key, bound in bound.map { (key, $0) } }
        let list = all.map { "\($0)=\"\(escaped($1, quotes: true))\"" }.joined(separator: ",")
        text += "\(name)\(list.isEmpty ? "" : "{\(list)}") \(value)\n"
    }

    private func escaped(_ text: String, quotes: Bool) -> String {
        text.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where quotes: text += "\\\""
            default: text.append(character)
            }
        }
    }
}
