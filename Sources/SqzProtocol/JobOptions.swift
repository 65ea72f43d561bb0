public import Varlink

extension JobKind {
    /// Checks that each option is one that the kind has, and that its value fits: in the daemon when a job is submitted, in a
    /// client before, in the runner before the job begins.
    /// - Throws: `SqzError.invalidOption`.
    public func check(_ options: [String: JSONValue]) throws {
        for (name, value) in options {
            guard let option = self.options.first(where: { $0.name == name }) else {
                let known = self.options.map(\.name).joined(separator: ", ")
                throw SqzError.invalidOption(
                    option: name, reason: "\(self.name) has no such option; it has \(known.isEmpty ? "none" : known)")
            }
            try option.check(value)
        }
    }
}

extension JobOption {
    fileprivate func check(_ value: JSONValue) throws {
        func refuse(_ reason: String) -> SqzError { .invalidOption(option: name, reason: reason) }
        let number: Double
        switch (type, value) {
        case (.integer, .integer(let value)): number = Double(value)
        case (.number, .integer(let value)): number = Double(value)
        case (.number, .number(let value)): number = value
        case (.flag, .bool): return
        case (.text, .string(let value)):
            guard value.utf8.count <= Limits.optionBytes else { throw refuse("is longer than 1,024 bytes") }
            if let choices, !choices.contains(value) {
                throw refuse("must be one of \(choices.joined(separator: ", ")), is \(value)")
            }
            return
        case (.integer, _): throw refuse("must be an integer")
        case (.number, _): throw refuse("must be a number")
        case (.flag, _): throw refuse("must be true or false")
        case (.text, _): throw refuse("must be a string")
        }
        if let minimum, number < minimum {
            throw refuse("must be at least \(Self.plain(minimum)), is \(Self.plain(number))")
        }
        if let maximum, number > maximum {
            throw refuse("must be at most \(Self.plain(maximum)), is \(Self.plain(number))")
        }
    }

    /// Which values it takes, as `sqzctl runners` and the help of verbs say it.
    public var values: String {
        if let choices { return choices.joined(separator: "|") }
        return switch (minimum, maximum) {
        case (let low?, let high?): "\(Self.plain(low)) to \(Self.plain(high))"
        case (let low?, nil): "from \(Self.plain(low))"
        case (nil, let high?): "to \(Self.plain(high))"
        case (nil, nil): type.rawValue
        }
    }

    /// A number as a person writes it.
    private static func plain(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? String(number)
    }
}
