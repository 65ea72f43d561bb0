extension Interface {
    /// Reads an interface definition. Comments inside parentheses are not kept.
    public init(parsing text: String) throws(InterfaceSyntaxError) {
        var parser = try InterfaceParser(text)
        self = try parser.interface()
    }
}

/// A recursive descent: each function reads what it is named for, from the scanner's next token on.
private struct InterfaceParser {
    private var scanner: InterfaceScanner
    /// Where each type is used for the first time.
    private var uses: [String: Int] = [:]

    init(_ text: String) throws(InterfaceSyntaxError) { scanner = try InterfaceScanner(text) }

    mutating func interface() throws(InterfaceSyntaxError) -> Interface {
        let comment = scanner.comment
        try expect("interface")
        var interface = Interface(name: try interfaceName(), comment: comment)
        var members: Set<String> = []
        while !scanner.token.isEmpty {
            let (comment, line, keyword) = (scanner.comment, scanner.line, scanner.token)
            guard ["type", "method", "error"].contains(keyword) else {
                throw unexpected(wanted: "type, method or error")
            }
            try scanner.advance()
            let name = try name("a name that begins with a capital letter", where: Self.isMemberName)
            guard members.insert(name).inserted else {
                throw InterfaceSyntaxError(line: line, reason: "\(name) is defined already")
            }
            switch keyword {
            case "type":
                interface.types.append(.init(name: name, comment: comment, value: try parentheses()))
            case "method":
                let parameters = try structure()
                try expect("->")
                interface.methods.append(
                    .init(name: name, comment: comment, parameters: parameters, reply: try structure()))
            default:
                interface.errors.append(.init(name: name, comment: comment, parameters: try structure()))
            }
        }
        let types = Set(interface.types.map(\.name))
        if let (name, line) = uses.filter({ !types.contains($0.key) }).min(by: {
            ($0.value, $0.key) < ($1.value, $1.key)
        }) {
            throw InterfaceSyntaxError(line: line, reason: "there is no type \(name)")
        }
        return interface
    }

    private mutating func structure() throws(InterfaceSyntaxError) -> [Interface.Field] {
        let line = scanner.line
        guard case .structure(let fields) = try parentheses() else {
            throw InterfaceSyntaxError(line: line, reason: "each of these needs a type, as in (name: string)")
        }
        return fields
    }

    /// A structure or, where the first name has no type, an enumeration.
    private mutating func parentheses() throws(InterfaceSyntaxError) -> Interface.ValueType {
        try expect("(")
        var (names, fields): ([String], [Interface.Field]) = ([], [])
        while scanner.token != ")" {
            if !names.isEmpty { try expect(",") }
            let line = scanner.line
            let name = try name("a field's name", where: Self.isFieldName)
            guard !names.contains(name) else {
                throw InterfaceSyntaxError(line: line, reason: "\(name) comes twice")
            }
            names.append(name)
            guard scanner.token == ":" else { continue }
            try scanner.advance()
            fields.append(.init(name: name, type: try type()))
        }
        let line = scanner.line
        try scanner.advance()
        if fields.count == names.count { return .structure(fields) }
        guard fields.isEmpty else {
            throw InterfaceSyntaxError(line: line, reason: "either all of these have a type, or none")
        }
        return .enumeration(names)
    }

    private mutating func type() throws(InterfaceSyntaxError) -> Interface.ValueType {
        if scanner.token == "?" {
            try scanner.advance()
            guard scanner.token != "?" else { throw unexpected(wanted: "a type") }
            return .nullable(try type())
        }
        switch scanner.token {
        case "(": return try parentheses()
        case "[]":
            try scanner.advance()
            return .array(try type())
        case "[string]":
            try scanner.advance()
            return .dictionary(try type())
        default: break
        }
        let line = scanner.line
        let simple: [Substring: Interface.ValueType] = [
            "bool": .bool, "int": .int, "float": .float, "string": .string, "object": .object,
        ]
        if let found = simple[scanner.token] {
            try scanner.advance()
            return found
        }
        let name = try name("a type", where: Self.isMemberName)
        uses[name] = min(line, uses[name] ?? line)
        return .named(name)
    }

    private mutating func interfaceName() throws(InterfaceSyntaxError) -> String {
        try name("an interface's name, as org.example.Things") { name in
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            return parts.count > 1 && !name.contains("_")
                && parts.allSatisfy { !$0.isEmpty && $0.first != "-" && $0.last != "-" }
        }
    }

    private static func isMemberName(_ name: Substring) -> Bool {
        name.first!.isUppercase && !name.contains { "._-".contains($0) }
    }

    private static func isFieldName(_ name: Substring) -> Bool {
        name.first!.isLetter && name.last != "_" && !name.contains("__") && !name.contains { ".-".contains($0) }
    }

    private mutating func name(
        _ wanted: String, where isOne: (Substring) -> Bool
    ) throws(InterfaceSyntaxError) -> String {
        guard let first = scanner.token.first, first.isLetter, isOne(scanner.token) else {
            throw unexpected(wanted: wanted)
        }
        let name = String(scanner.token)
        try scanner.advance()
        return name
    }

    private mutating func expect(_ token: Substring) throws(InterfaceSyntaxError) {
        guard scanner.token == token else { throw unexpected(wanted: String(token)) }
        try scanner.advance()
    }

    private func unexpected(wanted: String) -> InterfaceSyntaxError {
        let found = scanner.token.isEmpty ? "the end" : String(scanner.token)
        return InterfaceSyntaxError(line: scanner.line, reason: "expected \(wanted), found \(found)")
    }
}
