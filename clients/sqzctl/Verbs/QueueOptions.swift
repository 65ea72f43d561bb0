internal import ArgumentParser
internal import Glibc
internal import SqzProtocol

/// Where a job stands in the queue, how long it may take, and what its submitter does then.
struct QueueOptions: ParsableArguments {
    static let priorityHelp = """
        Higher goes first, \(Limits.priorities.lowerBound) to \(Limits.priorities.upperBound); above 0 for administrators only.
        """

    @Option(help: ArgumentHelp("A word for the job that you know it by, or the name of a sweep.", valueName: "name"))
    var jobName: String?
    @Option(help: ArgumentHelp("A sentence about the job.", valueName: "text"))
    var note: String?
    @Option(parsing: .unconditional, help: ArgumentHelp(priorityHelp)) var priority: Int?
    @Option(
        parsing: .unconditionalSingleValue, help: "Wait until this job has succeeded; may be given several times.",
        completion: Completions.unendedJobs)
    var after: [Int] = []
    @Option(
        parsing: .unconditionalSingleValue, help: "Wait until this job has failed.", completion: Completions.unendedJobs
    )
    var afterFailure: [Int] = []
    @Option(
        parsing: .unconditionalSingleValue, help: "Wait until this job has ended, however it did.",
        completion: Completions.unendedJobs)
    var afterAny: [Int] = []
    @Flag(help: "Wait until sqzctl resume.")
    var hold = false
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Fail when it has run for so long, over all its runs: seconds, more than 0, or as 90m, 2h, 1d12h.",
            valueName: "time"))
    var timeLimit: TimeSpan?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Fail when it has not ended by then: 2026-12-01T08:00, here or with Z or +01:00 after it; or as +2h, from now.",
            valueName: "moment"))
    var deadline: Moment?
    @Flag(help: "Stream the job until it ends. Ctrl-C detaches, the job goes on.")
    var follow = false

    var dependencies: [Dependency] {
        after.map { Dependency(job: $0, condition: .success) }
            + afterFailure.map { Dependency(job: $0, condition: .failure) }
            + afterAny.map { Dependency(job: $0, condition: .any) }
    }
}

/// A length of time as people write it: `90`, `90s`, `15m`, `2h`, `1d12h`.
struct TimeSpan: ExpressibleByArgument {
    let seconds: Int

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        var total = 0
        var digits = ""
        // Seconds need no unit.
        for character in argument.last?.isWholeNumber == true ? argument + "s" : argument {
            if character.isASCII, character.isWholeNumber {
                digits.append(character)
            } else {
                guard let unit = units[character], let count = Int(digits), count <= 1_000_000_000 else { return nil }
                total += count * unit
                digits = ""
            }
        }
        guard total > 0, digits.isEmpty else { return nil }
        seconds = total
    }
}

/// A moment as people write it: ISO 8601, in this machine's time zone where it names none; or `+2h`, from now.
struct Moment: ExpressibleByArgument {
    /// Since 1970.
    let microseconds: Int

    init?(argument: String) {
        let seconds: Int?
        if argument.hasPrefix("+") {
            seconds = TimeSpan(argument: String(argument.dropFirst())).map { time(nil) + $0.seconds }
        } else {
            seconds = Self.seconds(argument)
        }
        guard let seconds else { return nil }
        microseconds = seconds * 1_000_000
    }

    /// Since 1970; nil where the text is not ISO 8601, or names a day that there is not. (strptime(3) is not there in Swift.)
    private static func seconds(_ text: String) -> Int? {
        var rest = text[...]
        func skip(_ characters: String) -> Bool {
            guard let first = rest.first, characters.contains(first) else { return false }
            rest.removeFirst()
            return true
        }
        func number(digits: Int, _ range: ClosedRange<Int32>) -> Int32? {
            let word = rest.prefix(digits)
            guard word.utf8.count == digits, word.allSatisfy(\.isWholeNumber), let value = Int32(word),
                range.contains(value)
            else { return nil }
            rest.removeFirst(digits)
            return value
        }
        guard let year = number(digits: 4, 1_970...9_999), skip("-"), let month = number(digits: 2, 1...12), skip("-"),
            let day = number(digits: 2, 1...31)
        else { return nil }
        var fields = tm()
        (fields.tm_year, fields.tm_mon, fields.tm_mday, fields.tm_isdst) = (year - 1_900, month - 1, day, -1)
        if skip("T ") {
            guard let hour = number(digits: 2, 0...23), skip(":"), let minute = number(digits: 2, 0...59) else {
                return nil
            }
            (fields.tm_hour, fields.tm_min) = (hour, minute)
            if skip(":") {
                guard let second = number(digits: 2, 0...59) else { return nil }
                fields.tm_sec = second
            }
        }
        let seconds: Int
        let isEast = rest.first == "+"
        if skip("Z") {
            seconds = timegm(&fields)
        } else if skip("+-") {
            guard let hours = number(digits: 2, 0...23) else { return nil }
            _ = skip(":")
            guard let minutes = number(digits: 2, 0...59) else { return nil }
            let offset = Int(hours) * 3_600 + Int(minutes) * 60
            seconds = timegm(&fields) - (isEast ? offset : -offset)
        } else {
            seconds = mktime(&fields)
        }
        // The 30th of February was made the 2nd of March.
        return rest.isEmpty && fields.tm_mday == day ? seconds : nil
    }
}
