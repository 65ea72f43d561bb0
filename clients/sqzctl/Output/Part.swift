/// A piece of a text, and how soon one can do without it.
struct Part: Sendable {
    let text: String
    /// The higher goes first, of equals the last; of 0 none goes.
    let rank: Int
    /// What says the same where there is no room for the text.
    let short: String?

    init(_ text: String, _ rank: Int = 0, short: String? = nil) {
        (self.text, self.rank, self.short) = (text, rank, short)
    }
}

/// A text of pieces.
struct Parts: Sendable {
    let parts: [Part]
    var between = ", "

    var text: String { Self.text(parts, between) }

    private static func text(_ parts: [Part], _ between: String) -> String {
        parts.map(\.text.cell).joined(separator: between)
    }

    /// As many of them as have room, at least one.
    func fitted(to columns: Int) -> String {
        var parts = parts
        func width() -> Int { Self.text(parts, between).columns }
        while width() > columns, parts.count > 1, let rank = parts.map(\.rank).max(), rank > 0,
            let last = parts.lastIndex(where: { $0.rank == rank })
        {
            parts.remove(at: last)
        }
        for index in parts.indices where width() > columns {
            if let short = parts[index].short { parts[index] = Part(short) }
        }
        return Self.text(parts, between).cut(to: columns)
    }
}
