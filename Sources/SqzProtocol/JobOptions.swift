public import Varlink

extension JobKind {
    /// Checks that each option is one that the kind has, and that its value fits, alone and beside the others: in the daemon
    /// when a job is submitted, in a client before, in the runner before the job begins. And that it goes with a model that is tuned,
    /// or without one.
    /// - Throws: `SqzError.invalidOption`.
    public func check(_ options: [String: JSONValue], tuning: Bool) throws {
        for (name, value) in options {
            guard let option = self.options.first(where: { $0.name == name }) else {
                let known = self.options.map(\.name).joined(separator: ", ")
                throw SqzError.invalidOption(
                    option: name, reason: "\(self.name) has no such option; it has \(known.isEmpty ? "none" : known)")
            }
            try option.check(value)
            try option.check(tuning: tuning)
        }
        for option in self.options {
            for bound in option.bounds ?? [] { try check(option, bound, options, tuning: tuning) }
        }
    }

    /// A bound that another option's value sets. Of both options the default counts where none is given, and of the other one what a
    /// preset says too. A preset's own numbers are not held against who changes one of them: the runner leaves out what goes with
    /// another value.
    private func check(
        _ option: JobOption, _ bound: OptionBound, _ options: [String: JSONValue], tuning: Bool
    ) throws {
        guard let number = option.text(in: options, tuning: tuning).flatMap(Double.init),
            let other = self.options.first(where: { $0.name == bound.option }),
            let text = other.text(in: options, tuning: tuning) ?? preset(of: other, options, tuning: tuning),
            bound.values.contains(where: { other.isSame($0, text) })
        else { return }
        let isGiven = options[option.name] != nil
        try option.check(
            number, bound.minimum, bound.maximum, " with \(other.name) \(text)", isGiven ? "" : " by default")
    }
}

extension JobKind {
    /// The default of an option, by the presets that the options of a job ask for.
    private func preset(of option: JobOption, _ options: [String: JSONValue], tuning: Bool) -> String? {
        for preset in presets ?? [] {
            guard let text = preset.defaults[option.name],
                let chooser = self.options.first(where: { $0.name == preset.option }),
                chooser.text(in: options, tuning: tuning) == preset.value
            else { continue }
            return text
        }
        return nil
    }

    /// The default of an option, as the help of verbs says it; nil where it is none of its own.
    public func shownDefault(of option: JobOption) -> String? {
        if let text = option.default {
            return option.baseDefault.map { "\(text); \($0) where a model is tuned" } ?? text
        }
        return presets?.first { $0.defaults[option.name] != nil }.map { "the \($0.option)'s" }
    }
}

extension JobOption {
    /// Its default where a model is tuned, or where none is.
    public func `default`(tuning: Bool) -> String? { tuning ? baseDefault ?? self.default : self.default }

    fileprivate func check(tuning: Bool) throws {
        guard let base, base != tuning else { return }
        throw refusal(
            base
                ? "is of a model that is tuned, and none is named as base (--from)"
                : "comes with the model that is tuned")
    }

    fileprivate func check(_ value: JSONValue) throws {
        switch (type, value) {
        case (.integer, .integer(let value)): try check(Double(value), minimum, maximum)
        case (.number, .integer(let value)): try check(Double(value), minimum, maximum)
        case (.number, .number(let value)): try check(value, minimum, maximum)
        case (.flag, .bool): return
        case (.text, .string(let value)), (.model, .string(let value)):
            guard value.utf8.count <= Limits.optionBytes else { throw refusal("is longer than 1,024 bytes") }
            if let choices, !choices.contains(value) {
                throw refusal("must be one of \(choices.joined(separator: ", ")), is \(value)")
            }
        case (.integer, _): throw refusal("must be an integer" + Self.found(value))
        case (.number, _): throw refusal("must be a number" + Self.found(value))
        case (.flag, _): throw refusal("must be true or false" + Self.found(value))
        case (.text, _): throw refusal("must be a string" + Self.found(value))
        case (.model, _): throw refusal("must be a model's NAME or NAME@VERSION" + Self.found(value))
        }
    }

    /// What was given instead. A text is shown as one, for it may be empty or look like a number; a long one says nothing.
    private static func found(_ value: JSONValue) -> String {
        switch value {
        case .null: ", is null"
        case .bool(let value): ", is \(value)"
        case .integer(let value): ", is \(value)"
        case .number(let value): ", is \(value)"
        case .string(let text): text.utf8.count <= 64 ? ", is '\(text)'" : ", is a text"
        case .array: ", is an array"
        case .object: ", is an object"
        }
    }

    /// - Parameters:
    ///   - condition: where the bounds hold, if not always.
    ///   - origin: where the number comes from, if not from whoever asked for the job.
    fileprivate func check(
        _ number: Double, _ minimum: Double?, _ maximum: Double?, _ condition: String = "", _ origin: String = ""
    ) throws {
        let found = Self.plain(number) + origin
        if let minimum, number < minimum {
            throw refusal("must be at least \(Self.plain(minimum))\(condition), is \(found)")
        }
        if let maximum, number > maximum {
            throw refusal("must be at most \(Self.plain(maximum))\(condition), is \(found)")
        }
    }

    private func refusal(_ reason: String) -> SqzError { .invalidOption(option: name, reason: reason) }

    /// Its value among those of a job, or its default, as on a command line.
    fileprivate func text(in options: [String: JSONValue], tuning: Bool) -> String? {
        switch options[name] {
        case .integer(let value)?: String(value)
        case .number(let value)?: Self.plain(value)
        case .string(let value)?: value
        case .bool(let value)?: String(value)
        default: self.default(tuning: tuning)
        }
    }

    /// Whether two texts say the same value of this option: 1 and 1.0 of a number.
    fileprivate func isSame(_ one: String, _ other: String) -> Bool {
        guard type == .number, let one = Double(one), let other = Double(other) else { return one == other }
        return one == other
    }

    /// Which values it takes, as `sqzctl runners` and the help of verbs say it.
    public var values: String {
        let always =
            choices?.joined(separator: "|") ?? Self.range(minimum, maximum)
            ?? (type == .model ? "NAME or NAME@VERSION" : type.rawValue)
        let sometimes = (bounds ?? []).compactMap { bound in
            Self.range(bound.minimum, bound.maximum).map {
                "; \($0) with \(bound.option) \(bound.values.joined(separator: "|"))"
            }
        }
        return always + sometimes.joined()
    }

    private static func range(_ minimum: Double?, _ maximum: Double?) -> String? {
        switch (minimum, maximum) {
        case (let low?, let high?): "\(plain(low)) to \(plain(high))"
        case (let low?, nil): "from \(plain(low))"
        case (nil, let high?): "to \(plain(high))"
        case (nil, nil): nil
        }
    }

    /// A number as a person writes it.
    private static func plain(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? String(number)
    }
}
