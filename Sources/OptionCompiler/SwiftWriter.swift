internal import SqzProtocol
internal import VarlinkCompiler

/// A kind's options as flags of swift-argument-parser, laid out as `swift format` leaves it.
enum SwiftWriter {
    static func typeName(_ kind: JobKind) -> String { kind.name.capitalized + "Options" }

    static func text(for kind: JobKind) -> String {
        """
        // \(OptionCompiler.notice)

        internal import ArgumentParser
        internal import Varlink

        /// The options of \(kind.name) jobs.
        struct \(typeName(kind)): ParsableArguments {
        \(kind.options.map { declaration($0, kind.sentence($0)) }.joined(separator: "\n"))

            /// Those that were given.
            var options: [String: JSONValue] {
                var options: [String: JSONValue] = [:]
        \(kind.options.map { "        options[\(literal($0.name))] = \(value($0))" }.joined(separator: "\n"))
                return options
            }
        }

        """
    }

    private static func declaration(_ option: JobOption, _ sentence: String) -> String {
        var help = "help: \(literal(sentence))"
        // Indented by 8, with what ends the list.
        if help.count + 10 > Prose.width {
            let lines = Prose.wrapped([sentence], prefix: "", width: Prose.width - 14)
            help = "help: \"\"\"\n            \(lines.joined(separator: " \\\n            "))\n            \"\"\""
        }
        var arguments = [help]
        let wrapper: String
        let type: String
        switch option.type {
        case .integer: (wrapper, type) = ("Option", "Int")
        case .number: (wrapper, type) = ("Option", "Double")
        case .text, .model: (wrapper, type) = ("Option", "String")
        case .flag: (wrapper, type) = ("Flag", "Bool")
        }
        switch option.type {
        // What is below 0 is for the daemon to refuse, with the bounds.
        case .integer, .number: arguments.insert("parsing: .unconditional", at: 0)
        case .flag: arguments.insert("inversion: .prefixedNo", at: 0)
        case .model: arguments.append("completion: Completions.models")
        case .text: break
        }
        if let choices = option.choices {
            arguments.append("completion: .list([\(choices.map(literal).joined(separator: ", "))])")
        }
        let line = "    @\(wrapper)(\(arguments.joined(separator: ", ")))"
        let attribute =
            line.count <= Prose.width
            ? line : "    @\(wrapper)(\n        \(arguments.joined(separator: ",\n        ")))"
        return "\(attribute)\n    var \(property(option)): \(type)?"
    }

    private static func value(_ option: JobOption) -> String {
        switch option.type {
        case .integer: "\(property(option)).map { .integer(Int64($0)) }"
        case .number: "\(property(option)).map(JSONValue.number)"
        case .text, .model: "\(property(option)).map(JSONValue.string)"
        case .flag: "\(property(option)).map(JSONValue.bool)"
        }
    }

    private static func property(_ option: JobOption) -> String {
        option.words[0] + option.words.dropFirst().map(\.capitalized).joined()
    }

    private static func literal(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}

extension StringProtocol {
    /// With a capital at the beginning.
    fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst() }
}
