internal import Varlink

/// Writes the interfaces as Swift, laid out as `swift format` leaves it.
struct SwiftWriter {
    private let set: InterfaceSet

    init(_ set: InterfaceSet) { self.set = set }

    /// The files by name: one an interface with the types that it alone has, one for types that several share, one for all
    /// errors, and one for all methods.
    func files() throws(CompilerError) -> [String: String] {
        var files = ["SqzError.swift": try errors(), "SqzMethod.swift": methods()]
        files["SharedTypes.swift"] = file(try types { $0.interfaces.count > 1 })
        for interface in set.interfaces {
            let types = try types { $0.interfaces == [interface.name] }
            files["\(Self.name(interface)).swift"] = file(types + [try declaration(interface)])
        }
        return files
    }

    private func file(_ declarations: [[String]]) -> String {
        let code = declarations.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
        let needsImport = code.contains("Varlink") || code.contains("JSONValue")
        return "// \(GeneratedFiles.notice)\n\n" + (needsImport ? "public import Varlink\n\n" : "") + code
    }

    // MARK: - Types

    private func types(where isWanted: (InterfaceSet.SharedType) -> Bool) throws(CompilerError) -> [[String]] {
        var declarations: [[String]] = []
        for type in set.types where isWanted(type) {
            let comment = Prose.wrapped(Prose.paragraphs(type.comment), prefix: "/// ")
            switch type.value {
            case .enumeration(let names):
                let cases = Prose.list("case ", names.map(Self.identifier), "", indent: "    ")
                declarations.append(
                    comment + ["public enum \(type.name): String, Codable, CaseIterable, Sendable {"] + cases + ["}"])
            case .structure(let fields):
                declarations.append(comment + (try structure(type.name, fields, of: type.name, indent: "")))
            default: throw CompilerError("\(type.name) is neither a structure nor an enumeration")
            }
        }
        return declarations
    }

    private func structure(
        _ name: String, _ fields: [Interface.Field], of owner: String, indent: String
    ) throws(CompilerError) -> [String] {
        guard !fields.isEmpty else { throw CompilerError("\(owner) has no fields") }
        var lines = ["\(indent)public struct \(name): Codable, Equatable, Sendable {"]
        for field in fields {
            lines.append("\(indent)    public var \(Self.identifier(field.name)): \(try Self.swift(field, of: owner))")
        }
        var parameters: [String] = []
        for field in fields { parameters.append(try Self.parameter(field, of: owner)) }
        lines.append("")
        lines += Prose.list("public init(", parameters, ") {", indent: indent + "    ")
        for field in fields {
            lines.append("\(indent)        self.\(field.name) = \(Self.identifier(field.name))")
        }
        return lines + ["\(indent)    }", "\(indent)}"]
    }

    // MARK: - Interfaces

    private func declaration(_ interface: Interface) throws(CompilerError) -> [String] {
        var lines = Prose.wrapped(Prose.paragraphs(interface.comment), prefix: "/// ")
        lines.append("public enum \(Self.name(interface)): VarlinkInterface {")
        lines.append("    public static let name = \"\(interface.name)\"")
        let errors = interface.errors.map { "\"\($0.name)\"" }
        lines += Prose.list(
            "public static let errors: Set<String> = [", errors, "]", indent: "    ", trailingComma: true)
        let types = interface.methods.map { "\($0.name).self" }
        lines += Prose.list(
            "public static let methods: [any VarlinkMethod.Type] = [", types, "]", indent: "    ", trailingComma: true)
        lines += ["", "    public enum Method: String, CaseIterable, Sendable {"]
        for method in interface.methods {
            let name = Self.identifier(Self.label(method.name))
            lines.append("        case \(name) = \"\(interface.name).\(method.name)\"")
        }
        lines.append("    }")
        for method in interface.methods {
            let name = "\(interface.name).\(method.name)"
            lines += [""] + Prose.wrapped(Prose.paragraphs(method.comment), prefix: "    /// ")
            lines.append("    public enum \(method.name): VarlinkMethod {")
            lines.append("        public static let name = \"\(name)\"")
            for (part, fields) in [("Parameters", method.parameters), ("Reply", method.reply)] {
                lines.append("")
                lines +=
                    fields.isEmpty
                    ? ["        public typealias \(part) = NoParameters"]
                    : try structure(part, fields, of: name, indent: "        ")
            }
            lines.append("    }")
        }
        return lines + ["}"]
    }

    private func methods() -> String {
        let interfaces =
            set.interfaces.map { (label: Self.label(Self.shortName($0)), name: Self.name($0)) }
            + [(label: "service", name: "ServiceInterface")]
        var lines = [
            "/// Every method that there is, by its interface.", "public enum SqzMethod: Hashable, Sendable {",
        ]
        lines += interfaces.map { "    case \($0.label)(\($0.name).Method)" }
        lines += ["", "    /// By the full name; nil where no interface has it.", "    public init?(_ name: String) {"]
        for (index, interface) in interfaces.enumerated() {
            lines.append(
                "        \(index == 0 ? "" : "} else ")if let method = \(interface.name).Method(rawValue: name) {")
            lines.append("            self = .\(interface.label)(method)")
        }
        lines += ["        } else {", "            return nil", "        }", "    }", ""]
        lines += ["    public var interface: any VarlinkInterface.Type {", "        switch self {"]
        lines += interfaces.map { "        case .\($0.label): \($0.name).self" }
        return file([lines + ["        }", "    }", "}"]])
    }

    // MARK: - Errors

    private func errors() throws(CompilerError) -> String {
        var lines = Prose.wrapped(
            [
                "Every error of the interfaces. On the wire an error has the name of the interface whose method was "
                    + "called: `io.sqzd.Jobs.NoSuchModel`, `io.sqzd.Models.NoSuchModel`."
            ], prefix: "/// ")
        lines.append("public enum SqzError: VarlinkErrors, Equatable {")
        for (index, error) in set.errors.enumerated() {
            if index > 0 { lines.append("") }
            lines += Prose.wrapped(error.paragraphs(of: Set(set.interfaces.map(\.name))), prefix: "    /// ")
            let label = "case " + Self.identifier(Self.label(error.name))
            var parameters: [String] = []
            for field in error.parameters { parameters.append(try Self.parameter(field, of: error.name)) }
            lines += parameters.isEmpty ? ["    " + label] : Prose.list(label + "(", parameters, ")", indent: "    ")
        }
        return file([lines + ["}"]])
    }

    // MARK: - Words

    /// `JobsInterface` of `io.sqzd.Jobs`.
    private static func name(_ interface: Interface) -> String { shortName(interface) + "Interface" }

    private static func shortName(_ interface: Interface) -> String {
        String(interface.name.split(separator: ".").last!)
    }

    /// `noSuchJob` of `NoSuchJob`.
    private static func label(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }

    private static func identifier(_ name: String) -> String { keywords.contains(name) ? "`\(name)`" : name }

    /// Those that may come to be a field's, a value's or a method's name.
    private static let keywords: Set = [
        "as", "break", "case", "catch", "class", "continue", "default", "defer", "do", "else", "enum", "extension",
        "false",
        "for", "func", "guard", "if", "import", "in", "init", "internal", "is", "let", "nil", "operator", "private",
        "protocol", "public", "repeat", "return", "self", "static", "struct", "super", "switch", "throw", "throws",
        "true",
        "try", "var", "where", "while",
    ]

    /// A parameter of an initializer; what may be absent need not be given.
    private static func parameter(_ field: Interface.Field, of owner: String) throws(CompilerError) -> String {
        let isNullable = if case .nullable = field.type { true } else { false }
        return "\(identifier(field.name)): \(try swift(field, of: owner))" + (isNullable ? " = nil" : "")
    }

    private static func swift(_ field: Interface.Field, of owner: String) throws(CompilerError) -> String {
        try swift(field.type, of: "\(owner).\(field.name)")
    }

    private static func swift(_ type: Interface.ValueType, of place: String) throws(CompilerError) -> String {
        switch type {
        case .bool: "Bool"
        case .int: "Int"
        case .float: "Double"
        case .string: "String"
        case .object: "[String: JSONValue]"
        case .named(let name): name
        case .nullable(let type): "\(try swift(type, of: place))?"
        case .array(let type): "[\(try swift(type, of: place))]"
        case .dictionary(let type): "[String: \(try swift(type, of: place))]"
        case .structure, .enumeration: throw CompilerError("\(place): declare its type by a name of its own")
        }
    }
}
