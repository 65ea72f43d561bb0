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

    /// So many of something; its plural has an s unless it is said.
    static func count(_ value: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number(value)) \(value == 1 ? noun : plural ?? noun + "s")"
    }

    /// How many there were a second.
    static func rate(_ count: Int, since start: ContinuousClock.Instant) -> String {
        let rate = Double(count) / max((ContinuousClock.now - start) / .seconds(1), 1e-6)
        return (rate < 10 ? decimal(rate, places: 1) : number(Int(min(rate, 1e9)))) + "/s"
    }

    /// A fraction as a percentage.
    static func percent(_ value: Double) -> String { decimal(value * 100, places: 1) + " %" }

    /// Four significant digits: a loss may be of any size.
    static func figure(_ value: Double) -> String {
        let text = withVaList([value]) { arguments in
            var text = [CChar](repeating: 0, count: 32)
            let count = vsnprintf(&text, text.count, "%#.4g", arguments)
            return String(decoding: text.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        return text.last == "." ? String(text.dropLast()) : text
    }

    static func decimal(_ value: Double, places: Int) -> String {
        let scale = pow(10, Double(places))
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 1e15 else { return figure(value) }
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

    /// How long something took, which is not nothing.
    static func took(_ seconds: Double) -> String { seconds < 1 ? "less than 1 s" : duration(seconds) }

    static func duration(_ seconds: Double) -> String {
        // What a runner says of its time may be anything.
        let total = Int(min(max(seconds, 0), 1e9).rounded())
        guard total >= 60 else { return "\(total) s" }
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
        UInt32(exactly: uid).flatMap(userName) ?? String(uid)
    }

    private static func userName(_ uid: uid_t) -> String? {
        RemoteHost.isUsed ? nil : getpwuid(uid).map { String(cString: $0.pointee.pw_name) }
    }

    /// What the daemon says, with users by their names: it knows them by their numbers.
    static func named(_ text: String) -> String {
        var words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        for index in words.indices.dropFirst().reversed() where words[index - 1] == "uid" {
            let digits = words[index].prefix { $0.isASCII && $0.isNumber }
            guard let uid = UInt32(digits), let name = userName(uid) else { continue }
            words[index - 1...index] = [name + words[index].dropFirst(digits.count)]
        }
        return words.joined(separator: " ")
    }

    /// How many classes, and the first of their names.
    static func classes(_ names: [String]) -> String {
        "\(names.count): \(names.prefix(12).joined(separator: ", "))\(names.count > 12 ? ", \(Display.ellipsis)" : "")"
    }

    /// A bar for a probability.
    static func bar(_ value: Double, width: Int = 20) -> String {
        guard Display.isUTF8 else {
            return String(repeating: "#", count: Int((min(max(value, 0), 1) * Double(width)).rounded()))
        }
        let eighths = Int((min(max(value, 0), 1) * Double(width) * 8).rounded())
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }

    /// A bar in a frame: how much of something is done.
    static func gauge(_ share: Double, width: Int) -> String {
        let done = bar(share, width: width)
        return done + String(repeating: Display.isUTF8 ? "░" : ".", count: max(0, width - done.columns))
    }

    /// How far a job is.
    static func progress(_ progress: Progress) -> String { Parts(parts: parts(progress), between: "  ").text }

    /// The same: how far it is and the time that is left stay longest.
    static func parts(_ progress: Progress) -> [Part] {
        let place = "\(progress.epoch)/\(progress.epochs)"
        var parts = [Part("epoch \(place)", short: place), Part("step \(progress.step)/\(progress.steps)", 5)]
        parts += zip(figures(progress), [3, 2, 6, 7]).compactMap { text, rank in text.map { Part($0, rank) } }
        if let rate = progress.imagesPerSecond {
            parts.append(Part("\(Int(exactly: rate.rounded(.down)).map(number) ?? figure(rate)) images/s", 8))
        }
        if let left = progress.secondsLeft {
            parts.append(Part("\(duration(left)) left", short: "\(LiveLine.clock(left)) left"))
        }
        if let warning = progress.warning { parts.append(Part(brief(warning), 1)) }
        return parts
    }

    /// What is amiss, without what may help.
    static func brief(_ warning: String) -> String { String(warning.prefix { $0 != ":" }) }

    /// Loss and accuracy, of the training and of the validation.
    static func figures(_ progress: Progress) -> [String?] {
        [
            progress.loss.map { "loss \(figure($0))" },
            progress.accuracy.map { "accuracy \(percent($0))" },
            progress.validationLoss.map { "validation loss \(figure($0))" },
            progress.validationAccuracy.map { "accuracy \(percent($0))" },
        ]
    }

    static func outcome(_ outcome: Outcome) -> String {
        [
            outcome.model.map { "model \($0)" },
            outcome.images.map { count($0, "image") + (outcome.measured.map { " (\($0))" } ?? "") },
            outcome.loss.map { "loss \(figure($0))" },
            outcome.accuracy.map { "top-1 accuracy \(decimal($0 * 100, places: 2)) %" },
            outcome.measurement?.topFive.map { "top-5 \(decimal($0 * 100, places: 2)) %" },
            outcome.measurement?.calibrationError.map { "calibration error \(decimal($0 * 100, places: 2)) %" },
            outcome.temperature.map { "temperature \(figure($0))" }, outcome.before.map(before),
            outcome.flipped?.accuracy.map { "with mirror images \(decimal($0 * 100, places: 2)) %" },
            outcome.predictions.map { count($0, "prediction") },
            epochs(of: outcome),
        ].compactMap { $0 }.joined(separator: ", ")
    }

    private static func before(_ figures: Figures) -> String {
        let all = [
            figures.loss.map { "loss \(figure($0))" }, figures.accuracy.map { "\(decimal($0 * 100, places: 2)) %" },
            figures.calibrationError.map { "calibration error \(decimal($0 * 100, places: 2)) %" },
        ]
        return "before (\(all.compactMap(\.self).joined(separator: ", ")))"
    }

    /// Of which epoch a model is, and where its training ended.
    private static func epochs(of outcome: Outcome) -> String? {
        guard let epoch = outcome.epoch, let last = outcome.lastEpoch, let epochs = outcome.epochs else { return nil }
        let end =
            switch outcome.early {
            case .finished?: "finished early in epoch \(last)"
            case .noGain?: "ended without gain after epoch \(last)"
            case nil: nil as String?
            }
        return ["of epoch \(epoch) of \(epochs)", end].compactMap { $0 }.joined(separator: ", ")
    }
}
