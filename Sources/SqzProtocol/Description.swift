internal import Varlink

extension RunnerInterface.Describe.Reply {
    /// Checks what a runner says of itself: others are shown it, and their jobs are refused by it.
    /// - Throws: `SqzError.runnerFailed`.
    public func check() throws {
        func refuse(_ reason: String) -> SqzError {
            .runnerFailed(reason: "what it says of itself can't be used: \(reason)")
        }
        func check(_ texts: [String?], of owner: String) throws {
            if texts.contains(where: { $0?.utf8.count ?? 0 > Limits.describedBytes }) {
                throw refuse("\(owner) has a text of more than \(Limits.describedBytes) bytes")
            }
        }
        func check(_ count: Int, _ limit: Int, _ what: String) throws {
            guard count <= limit else { throw refuse("it has \(count) \(what), \(limit) are taken at most") }
        }
        try check([name, version, ranksProgram] + properties.flatMap { [$0.key, $0.value] }, of: "it")
        try check(properties.count, Limits.describedOptions, "properties")
        try check(kinds.count, Limits.describedKinds, "kinds of jobs")
        for kind in kinds {
            try check([kind.name, kind.help], of: "one of its kinds")
            try check(kind.options.count, Limits.describedOptions, "options of \(kind.name)")
            try check(kind.ranks?.count ?? 0, Limits.describedChoices, "numbers of ranks of \(kind.name)")
            if let number = kind.ranks?.first(where: { !Limits.ranks.contains($0) }) {
                throw refuse("\(kind.name) can't have \(number) ranks")
            }
            let names = kind.options.map(\.name)
            if let twin = names.first(where: { name in names.count { $0 == name } > 1 }) {
                throw refuse("\(kind.name) has two options \(twin)")
            }
            for option in kind.options {
                let (choices, bounds) = (option.choices ?? [], option.bounds ?? [])
                try check(
                    [option.name, option.help, option.default, option.baseDefault] + choices,
                    of: "an option of \(kind.name)")
                try check(choices.count, Limits.describedChoices, "choices of \(option.name)")
                try check(bounds.count, Limits.describedBounds, "bounds of \(option.name)")
                for bound in bounds {
                    try check(bound.values, of: "a bound of \(option.name)")
                    try check(bound.values.count, Limits.describedChoices, "values in a bound of \(option.name)")
                    guard names.contains(bound.option), bound.option != option.name else {
                        throw refuse(
                            "\(option.name) has a bound by \(bound.option), which is no other option of \(kind.name)")
                    }
                }
            }
        }
        for kind in kinds {
            let presets = kind.presets ?? []
            try check(presets.count, Limits.describedChoices, "presets of \(kind.name)")
            for preset in presets {
                try check(
                    [preset.value, preset.help] + preset.defaults.map(\.value), of: "a preset of \(kind.name)")
                for name in [preset.option] + preset.defaults.keys.sorted()
                where !kind.options.contains(where: { $0.name == name }) {
                    throw refuse("a preset of \(kind.name) is of \(name), which is no option of it")
                }
            }
        }
        let size = try JSON.encode(self).count
        guard size <= Limits.describedTotal else {
            throw refuse("it has \(size) bytes, \(Limits.describedTotal) are taken at most")
        }
    }
}
