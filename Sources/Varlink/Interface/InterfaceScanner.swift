/// Cuts the text of an interface into words and signs, and gathers the comments between them.
struct InterfaceScanner {
    private var rest: Substring
    private var nextLine = 1
    /// What comes next: a word, a sign, or nothing at the end of the text.
    private(set) var token: Substring = ""
    /// The line in which it stands.
    private(set) var line = 1
    /// The `#` lines right above it.
    private(set) var comment: [String] = []

    init(_ text: String) throws(InterfaceSyntaxError) {
        rest = text[...]
        try advance()
    }

    /// Goes on to the next word or sign.
    mutating func advance() throws(InterfaceSyntaxError) {
        skipToToken()
        line = nextLine
        guard let first = rest.first else {
            token = ""
            return
        }
        if let sign = Self.signs.first(where: { rest.hasPrefix($0) }) {
            token = rest.prefix(sign.count)
        } else if Self.isWord(first) {
            token = rest.prefix(while: Self.isWord)
        } else {
            throw InterfaceSyntaxError(line: line, reason: "\(first) has no meaning here")
        }
        rest = rest[token.endIndex...]
    }

    private static let signs = ["->", "[]", "[string]", "(", ")", ",", ":", "?"]

    /// The characters of names, an interface's with its dots and hyphens among them.
    private static func isWord(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
    }

    private mutating func skipToToken() {
        comment = []
        var isLineEmpty = true
        while let first = rest.first {
            if first.isNewline {
                if isLineEmpty { comment = [] }
                isLineEmpty = true
                nextLine += 1
                rest.removeFirst()
            } else if first == "#" {
                let text = rest.prefix { !$0.isNewline }
                rest = rest[text.endIndex...]
                let words = text.drop { $0 == "#" }
                comment.append(String(words.first == " " ? words.dropFirst() : words))
                isLineEmpty = false
            } else if first.isWhitespace {
                rest.removeFirst()
            } else {
                return
            }
        }
    }
}
