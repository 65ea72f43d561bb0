internal import Glibc
internal import SqzProtocol

/// Values as people read them.
enum Format {
    static func number(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// A fraction as a percentage.
    static func percent(_ value: Double) -> String { decimal(value * 100, places: 1) + " %" }

    static func decimal(_ value: Double, places: Int) -> String {
        let scale = pow(10, Double(places))
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 1e15 else { return String(value) }
        let whole = Int(scaled) / Int(scale)
        let fraction = String(Int(scaled) % Int(scale))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + String(whole) }
        return "\(sign)\(whole).\(String(repeating: "0", count: places - fraction.count))\(fraction)"
    }

    static func bytes(_ value: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var (size, unit) = (Double(value), 0)
        while size >= 1_000, unit < units.count - 1 { (size, unit) = (size / 1_000, unit + 1) }
        return decimal(size, places: unit == 0 ? 0 : 1) + " " + units[unit]
    }

    static func duration(_ seconds: Double) -> String {
        guard seconds >= 60 else { return "\(Int(seconds.rounded())) s" }
        let total = Int(min(seconds, 1e9).rounded())
        let (hours, minutes, rest) = (total / 3_600, total / 60 % 60, total % 60)
        return hours > 0 ? "\(hours) h \(minutes) min" : "\(minutes) min \(rest) s"
    }

    /// Microseconds since 1970, in the user's time zone.
    static func time(_ microseconds: Int) -> String { time(microseconds, "%Y-%m-%d %H:%M:%S") }

    /// The time of day, with the day if it is not today.
    static func clock(_ microseconds: Int) -> String {
        let today = time(Int(Glibc.time(nil)) * 1_000_000).prefix(10)
        return time(microseconds, time(microseconds).hasPrefix(today) ? "%H:%M:%S" : "%Y-%m-%d %H:%M")
    }

    private static func time(_ microseconds: Int, _ format: String) -> String {
        var seconds = time_t(microseconds / 1_000_000)
        var local = tm()
        localtime_r(&seconds, &local)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, format, &local)
        return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A user's name, or the number where there is none.
    static func user(_ uid: Int) -> String {
        guard let entry = getpwuid(uid_t(uid)) else { return String(uid) }
        return String(cString: entry.pointee.pw_name)
    }

    /// How many classes, and the first of their names.
    static func classes(_ names: [String]) -> String {
        "\(names.count): \(names.prefix(12).joined(separator: ", "))\(names.count > 12 ? ", …" : "")"
    }

    /// A bar for a probability.
    static func bar(_ value: Double, width: Int = 20) -> String {
        let eighths = Int((value * Double(width) * 8).rounded())
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }

    static func progress(_ progress: Progress) -> String {
        var parts = ["epoch \(progress.epoch)/\(progress.epochs)", "step \(progress.step)/\(progress.steps)"]
        parts += figures(progress)
        if let rate = progress.imagesPerSecond { parts.append("\(number(Int(rate))) images/s") }
        if let left = progress.secondsLeft { parts.append("\(duration(left)) left") }
        return parts.joined(separator: "  ")
    }

    static func figures(_ progress: Progress) -> [String] {
        [
            progress.loss.map { "loss \(decimal($0, places: 4))" },
            progress.accuracy.map { "accuracy \(percent($0))" },
            progress.validationLoss.map { "validation loss \(decimal($0, places: 4))" },
            progress.validationAccuracy.map { "accuracy \(percent($0))" },
        ].compactMap { $0 }
    }

    static func outcome(_ outcome: Outcome) -> String {
        [
            outcome.model.map { "model \($0)" }, outcome.images.map { "\(number($0)) images" },
            outcome.loss.map { "loss \(decimal($0, places: 4))" },
            outcome.accuracy.map { "top-1 accuracy \(decimal($0 * 100, places: 2)) %" },
            outcome.predictions.map { "\(number($0)) predictions" },
        ].compactMap { $0 }.joined(separator: ", ")
    }
}
