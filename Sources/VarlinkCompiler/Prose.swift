/// Lines of text and code, as wide as the formatter has them.
package enum Prose {
    /// `lineLength` of `.swift-format`.
    package static let width = 120

    /// A comment's paragraphs, which empty lines part, each in one line.
    static func paragraphs(_ comment: [String]) -> [String] {
        comment.split(whereSeparator: \.isEmpty).map { $0.joined(separator: " ") }
    }

    /// Paragraphs as lines that begin with `prefix`.
    package static func wrapped(_ paragraphs: [String], prefix: String, width: Int = width) -> [String] {
        paragraphs.flatMap { fill($0.split(separator: " ").map(String.init), prefix: prefix, width: width) }
    }

    /// `head(items)tail` in one line, or where it is too long its items in lines of their own.
    static func list(
        _ head: String, _ items: [String], _ tail: String, indent: String, trailingComma: Bool = false
    ) -> [String] {
        let line = indent + head + items.joined(separator: ", ") + tail
        guard line.count > width else { return [line] }
        let commas = items.enumerated().map { $1 + ($0 < items.count - 1 || trailingComma ? "," : "") }
        return [indent + head] + fill(commas, prefix: indent + "    ", width: width) + [indent + tail]
    }

    /// As many words to a line as it holds.
    private static func fill(_ words: [String], prefix: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in words {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(prefix + word)
            }
        }
        return lines
    }
}
