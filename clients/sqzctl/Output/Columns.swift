internal import SqzProtocol

/// How much room texts take on a terminal.
extension String {
    /// What others wrote as a cell of a table: it is printable, and a tab does not lead to the next cell.
    var cell: String { printable.split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "\\t") }

    /// How many columns it takes.
    var columns: Int { utf8.count == unicodeScalars.count ? utf8.count : reduce(0) { $0 + $1.columns } }

    /// A text that takes this many columns at most: an ellipsis is for what is cut off. A part of a number would be another
    /// number, so that one goes as a whole.
    func cut(to columns: Int) -> String {
        guard self.columns > columns else { return self }
        var text = ""
        var left = columns - 1
        for character in self {
            left -= character.columns
            guard left >= 0 else { break }
            text.append(character)
        }
        while text.last?.isOfNumber == true { text.removeLast() }
        return text + Display.ellipsis
    }

    /// The same, with what is cut off in the middle: of names the end says as much as the beginning.
    func cutInside(to columns: Int) -> String {
        guard self.columns > columns else { return self }
        var (front, back) = ("", "")
        var left = columns - 1
        // The beginning has the odd one.
        for character in self {
            guard front.columns + character.columns <= columns / 2 else { break }
            front.append(character)
        }
        left -= front.columns
        for character in reversed() {
            guard back.columns + character.columns <= left else { break }
            back.insert(character, at: back.startIndex)
        }
        return front + Display.ellipsis + back
    }

    /// The text in lines of this many columns at most, broken after a space or a `|` where there is one.
    ///
    /// - Parameter hanging: how many columns less lines after the first one have.
    func lines(of columns: Int, hanging: Int = 0) -> [String] {
        var lines: [String] = []
        var line = ""
        var width = 0
        for character in self {
            let room = lines.isEmpty ? columns : columns - hanging
            if width + character.columns > room, character != " ", !line.isEmpty {
                let last = line.indices.reversed().first { index in
                    let next = line.index(after: index)
                    // A number keeps its percent sign.
                    return line[index] == "|"
                        || line[index] == " " && (next < line.endIndex ? line[next] : character) != "%"
                }
                let end = last.map(line.index(after:)) ?? line.endIndex
                lines.append(String(line[..<end]))
                line = String(line[end...])
                width = line.columns
            }
            line.append(character)
            width += character.columns
        }
        return (lines + [line]).map { $0.withoutEnd }
    }

    /// How wide its widest part is that `lines(of:)` does not break.
    var leastColumns: Int {
        let start = prefix { $0 == " " }.count
        let parts = dropFirst(start).split(separator: " ").flatMap { word -> [Int] in
            let pieces = word.split(separator: "|", omittingEmptySubsequences: false).map { String($0).columns }
            return pieces.enumerated().map { $0 + 1 < pieces.count ? $1 + 1 : $1 }
        }
        return start + (parts.max() ?? 0)
    }

    /// With its tabs as the spaces that a terminal shows for them.
    var withoutTabs: String {
        guard contains("\t") else { return self }
        var parts = split(separator: "\t", omittingEmptySubsequences: false)[...]
        var text = parts.popFirst().map(String.init) ?? ""
        for part in parts { text += String(repeating: " ", count: 8 - text.columns % 8) + part }
        return text
    }

    /// Without the spaces at its end.
    var withoutEnd: String { lastIndex { $0 != " " }.map { String(self[...$0]) } ?? "" }

    /// A text that takes this many columns at least.
    func padded(to columns: Int, atStart: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, columns - self.columns))
        return atStart ? space + self : self + space
    }
}

extension Character {
    /// Marks stand over the letter before them.
    var columns: Int { unicodeScalars.reduce(0) { max($0, $1.columns) } }

    /// Whether numbers and times have it in them.
    fileprivate var isOfNumber: Bool { isNumber || "-+.,:".contains(self) }
}

extension Unicode.Scalar {
    fileprivate var columns: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: 0
        default: Self.wide.contains { $0.contains(value) } || properties.isEmojiPresentation ? 2 : 1
        }
    }

    /// The blocks of East Asian characters that are as wide as two others (Unicode's annex 11: W and F).
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x17000...0x18CFF,
        0x1B000...0x1B2FF, 0x20000...0x3FFFD,
    ]
}
