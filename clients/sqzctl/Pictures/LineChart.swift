/// Numbers over the epochs of trainings, as lines.
struct LineChart {
    struct Line {
        let name: String
        /// The epochs, and nil where nothing is known.
        let points: [(x: Int, y: Double?)]
        /// Lines of one colour belong together.
        let colour: Int
        var isDashed = false
    }

    let title: String
    var isPercentage = false
    let lines: [Line]

    static let height = 260
    private static let plot = (left: 64.0, right: 16.0, top: 34.0, bottom: 40.0)

    /// nil where no line has a point.
    init?(_ title: String, isPercentage: Bool = false, _ lines: [Line]) {
        self.title = title
        self.isPercentage = isPercentage
        self.lines = lines.map { line in
            Line(
                name: line.name, points: line.points.map { ($0.x, $0.y.flatMap { $0.isFinite ? $0 : nil }) },
                colour: line.colour, isDashed: line.isDashed)
        }.filter { $0.points.contains { $0.y != nil } }
        if self.lines.isEmpty { return nil }
    }

    /// What it shows, in words.
    var words: String {
        let parts = lines.compactMap { line -> String? in
            let known = line.points.filter { $0.y != nil }
            guard let first = known.first, let last = known.last, let begin = first.y, let end = last.y else {
                return nil
            }
            // One that is called as all of it is.
            let name = line.name == title.lowercased() ? "" : line.name + " "
            return first.x == last.x
                ? "\(name)\(number(end)) in epoch \(last.x)"
                : "\(name)from \(number(begin)) in epoch \(first.x) to \(number(end)) in epoch \(last.x)"
        }
        return "\(title): \(parts.joined(separator: "; "))."
    }

    private func number(_ value: Double) -> String { isPercentage ? Format.percent(value) : Format.figure(value) }

    /// What is drawn, below `top`.
    func content(top: Double, width: Int) -> String {
        let known = lines.flatMap(\.points).filter { $0.y != nil }
        let x = Scale(known.map { Double($0.x) }, ticks: width / 80, whole: true)
        let y = Scale(known.compactMap(\.y), ticks: 5)
        let (left, right) = (Self.plot.left, Double(width) - Self.plot.right)
        let (high, low) = (top + Self.plot.top, top + Double(Self.height) - Self.plot.bottom)
        func place(_ point: (x: Int, y: Double)) -> (Double, Double) {
            (left + x.share(Double(point.x)) * (right - left), low - y.share(point.y) * (low - high))
        }
        var parts = [SVG.text(title, x: left, y: top + 20, size: 15)]
        for tick in y.ticks {
            let height = low - y.share(tick) * (low - high)
            parts.append(Self.rule(left, height, right, height, "grid"))
            parts.append(
                SVG.text(y.label(tick, isPercentage: isPercentage), x: left - 8, y: height + 4, "faint", anchor: "end"))
        }
        for tick in x.ticks {
            let place = left + x.share(tick) * (right - left)
            parts.append(Self.rule(place, low, place, low + 4, "axis"))
            parts.append(SVG.text(x.label(tick), x: place, y: low + 18, "faint", anchor: "middle"))
        }
        parts.append(Self.rule(left, low, right, low, "axis"))
        parts.append(SVG.text("epoch", x: right, y: low + 34, "faint", anchor: "end"))
        for line in lines { parts.append(Self.path(line, place)) }
        return parts.joined(separator: "\n")
    }

    static func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) -> String {
        """
        <line class="\(style)" x1="\(SVG.number(x1))" y1="\(SVG.number(y1))" x2="\(SVG.number(x2))" y2="\(SVG.number(y2))"/>
        """
    }

    /// With a gap where nothing is known, and a mark at what stands alone or is one of few.
    private static func path(_ line: Line, _ place: ((x: Int, y: Double)) -> (Double, Double)) -> String {
        var steps: [String] = []
        var marks: [String] = []
        var isBroken = true
        let known = line.points.count { $0.y != nil }
        for (index, point) in line.points.enumerated() {
            guard let value = point.y else {
                isBroken = true
                continue
            }
            let (x, y) = place((point.x, value))
            steps.append("\(isBroken ? "M" : "L")\(SVG.number(x)) \(SVG.number(y))")
            let isAlone = isBroken && (index + 1 == line.points.count || line.points[index + 1].y == nil)
            if isAlone || known <= mostMarks { marks.append(mark(line.colour, x, y)) }
            isBroken = false
        }
        let dashes = line.isDashed ? " dashed" : ""
        return """
            <path class="line c\(line.colour % SVG.colours)\(dashes)" d="\(steps.joined())"/>\(marks.joined())
            """
    }

    private static let mostMarks = 20

    /// A shape for each colour: those who see none have it.
    static func mark(_ colour: Int, _ x: Double, _ y: Double) -> String {
        let style = "f\(colour % SVG.colours)"
        func polygon(_ points: [(Double, Double)]) -> String {
            let text = points.map { "\(SVG.number(x + $0.0)),\(SVG.number(y + $0.1))" }.joined(separator: " ")
            return #"<polygon class="\#(style)" points="\#(text)"/>"#
        }
        return switch colour % 4 {
        case 0: #"<circle class="\#(style)" cx="\#(SVG.number(x))" cy="\#(SVG.number(y))" r="3"/>"#
        case 1: polygon([(-3, -3), (3, -3), (3, 3), (-3, 3)])
        case 2: polygon([(0, -4), (4, 3), (-4, 3)])
        default: polygon([(0, -4), (4, 0), (0, 4), (-4, 0)])
        }
    }
}
