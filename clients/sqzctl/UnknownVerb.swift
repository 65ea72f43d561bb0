internal import ArgumentParser

/// A first word that is no verb, for which the argument parser says only that it is unexpected; after `help`, not even that.
struct UnknownVerb {
    private let words: [String]
    private let known: [String]
    /// The verbs that need no other before them.
    private let first: [String]

    /// nil where there is a verb, or where something else is wrong before it.
    init?(in arguments: [String], of root: any ParsableCommand.Type) {
        var command = root
        var before: [String] = []
        var isHelp = false
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if ["--socket", "--host", "--color"].contains(word) { rest = rest.dropFirst() }
            if ["--socket", "--host", "--color", "--json", "--wide"].contains(word) { continue }
            if ["--socket=", "--host=", "--color="].contains(where: word.hasPrefix) { continue }
            if word == "help", before.isEmpty, !isHelp {
                isHelp = true
                continue
            }
            guard !word.hasPrefix("-"), word != "help" else { return nil }
            let subcommands = Self.subcommands(of: command)
            guard !subcommands.isEmpty else { return nil }
            before.append(word)
            guard let next = subcommands.first(where: { $0._commandName == word }) else {
                words = before
                known = subcommands.map { $0._commandName }
                first = Self.subcommands(of: root).map { $0._commandName }
                return
            }
            command = next
        }
        return nil
    }

    var error: UsageError {
        let group = words.dropLast().map { $0 + " " }.joined()
        let question = meant.map { "did you mean \($0)? " } ?? ""
        return UsageError(
            description:
                "there is no verb \(group)\(words[words.count - 1]); \(question)sqzctl \(group)--help lists those there are"
        )
    }

    private var meant: String? {
        let group = words.dropLast().map { $0 + " " }.joined()
        let word = words[words.count - 1].lowercased()
        if known.contains("rm"), ["remove", "delete", "del"].contains(word) { return group + "rm" }
        // A third of the letters may be wrong.
        if let near = known.min(by: { Self.distance(word, $0) < Self.distance(word, $1) }),
            Self.distance(word, near) <= max(1, word.count / 3)
        {
            return group + near
        }
        return first.contains(word) ? word : nil
    }

    private static func subcommands(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        command.configuration.subcommands + command.configuration.groupedSubcommands.flatMap(\.subcommands)
    }

    /// How many letters are wrong, missing, too many, or have changed places with their neighbour.
    private static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
