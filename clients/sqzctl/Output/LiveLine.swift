internal import Glibc
internal import SqzProtocol

/// How far a running job is, on a line of a terminal that is replaced again and again.
enum LiveLine {
    /// As much of it as has room; the bar takes what is left.
    static func text(of id: Int, _ progress: Progress, columns: Int) -> String {
        // The higher number goes first.
        var parts: [(text: String, drop: Int)] = [
            ("job \(id)", 0), ("epoch \(progress.epoch)/\(progress.epochs)", 0),
        ]
        func add(_ text: String?, _ drop: Int) { if let text { parts.append((text, drop)) } }
        add("step \(progress.step)/\(progress.steps)", 5)
        add(progress.loss.map { "loss \(Format.figure($0))" }, 3)
        add(progress.accuracy.map { "accuracy \(Format.percent($0))" }, 2)
        add(progress.validationAccuracy.map { "validation \(Format.percent($0))" }, 6)
        add(progress.imagesPerSecond.map(rate), 4)
        add(progress.secondsLeft.map { "\(clock($0)) left" }, 0)
        add(progress.warning.map(Format.brief), 1)
        func width() -> Int { parts.reduce(2 * (parts.count - 1)) { $0 + $1.text.columns } }
        while width() + 2 + leastBar > columns, let least = parts.map(\.drop).max(), least > 0 {
            parts.removeAll { $0.drop == least }
        }
        let room = min(columns - width() - 2, widestBar)
        if room >= leastBar { parts.insert((Format.gauge(share(progress), width: room), 0), at: 1) }
        return parts.map(\.text).joined(separator: "  ")
    }

    private static let leastBar = 6
    private static let widestBar = 24

    /// Of all that the job does.
    static func share(_ progress: Progress) -> Double {
        let epoch = Double(progress.step) / Double(max(progress.steps, 1))
        return (Double(progress.epoch - 1) + epoch) / Double(max(progress.epochs, 1))
    }

    private static func rate(_ value: Double) -> String {
        "\(Int(exactly: value.rounded(.down)).map(Format.number) ?? Format.figure(value))/s"
    }

    /// Hours, minutes and seconds.
    private static func clock(_ seconds: Double) -> String {
        // What a runner says of its time may be anything.
        let total = Int(min(max(seconds, 0), 1e9).rounded())
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let (hours, minutes) = (total / 3_600, total / 60 % 60)
        return (hours > 0 ? "\(hours):\(two(minutes))" : "\(minutes)") + ":\(two(total % 60))"
    }
}
