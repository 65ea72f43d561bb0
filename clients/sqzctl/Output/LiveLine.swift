internal import Glibc
internal import SqzProtocol

/// How far a running job is, on a line of a terminal that is replaced again and again.
enum LiveLine {
    /// As much of it as has room; the bar takes what is left of what all texts may take, so that it is as long in the next line,
    /// whose texts are others.
    static func text(of id: Int, _ progress: Progress, columns: Int) -> String {
        // The higher number goes first.
        var parts: [(text: String, columns: Int, drop: Int)] = []
        func add(_ text: String?, _ drop: Int, likeliest: String = "") {
            let columns = max(text?.columns ?? 0, likeliest.columns)
            if columns > 0 { parts.append((text ?? "", columns, drop)) }
        }
        let isTraining = progress.accuracy != nil
        add("job \(id)", 0)
        add("epoch \(progress.epoch)/\(progress.epochs)", 0, likeliest: "epoch \(progress.epochs)/\(progress.epochs)")
        add("step \(progress.step)/\(progress.steps)", 5, likeliest: "step \(progress.steps)/\(progress.steps)")
        add(progress.loss.map { "loss \(Format.figure($0))" }, 3, likeliest: isTraining ? "loss 0.01234" : "")
        add(
            progress.accuracy.map { "accuracy \(Format.percent($0))" }, 2,
            likeliest: isTraining ? "accuracy 100.0 %" : "")
        add(
            progress.validationAccuracy.map { "validation \(Format.percent($0))" }, 6,
            likeliest: isTraining ? "validation 100.0 %" : "")
        add(progress.imagesPerSecond.map(rate), 4, likeliest: isTraining ? "12,345/s" : "")
        add(progress.secondsLeft.map { "\(clock($0)) left" }, 0, likeliest: "12:34 left")
        add(progress.warning.map(Format.brief), 1)
        func width() -> Int { parts.reduce(2 * (parts.count - 1)) { $0 + $1.columns } }
        while width() + 2 + leastBar > columns, let least = parts.map(\.drop).max(), least > 0 {
            parts.removeAll { $0.drop == least }
        }
        let room = min(columns - width() - 2, widestBar)
        if room >= leastBar { parts.insert((Format.gauge(share(progress), width: room), room, 0), at: 1) }
        return parts.map(\.text).filter { !$0.isEmpty }.joined(separator: "  ")
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
    static func clock(_ seconds: Double) -> String {
        // What a runner says of its time may be anything.
        let total = Int(min(max(seconds, 0), 1e9).rounded())
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let (hours, minutes) = (total / 3_600, total / 60 % 60)
        return (hours > 0 ? "\(hours):\(two(minutes))" : "\(minutes)") + ":\(two(total % 60))"
    }
}
