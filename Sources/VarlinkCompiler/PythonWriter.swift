internal import Varlink

/// Writes the interfaces that clients call as Python: dataclasses, and exceptions.
struct PythonWriter {
    private let set: InterfaceSet
    private let interfaces: Set<String>

    init(_ set: InterfaceSet) {
        self.set = set
        interfaces = Set(set.interfaces.map(\.name)).subtracting(["io.sqzd.Runner"])
    }

    /// What the package has called otherwise from its beginning.
    private static let names = ["JobKind": "Kind", "JobOption": "Option", "RunnerInfo": "Runner"]

    /// Replies that users get whole.
    private static let replies = [
        "io.sqzd.Inference.Classify": "Classified", "io.sqzd.Jobs.Monitor": "Snapshot",
        "io.sqzd.Jobs.ShowSweep": "SweepTable",
        "io.sqzd.Jobs.SubmitSweep": "SubmittedSweep", "io.sqzd.Manager.Info": "Info", "io.sqzd.Manager.Disk": "DiskUse",
        "io.sqzd.Manager.Diagnose": "Diagnosis",
        "io.sqzd.Models.Show": "ModelWithLayers",
    ]

    private static let defaults = ["Dependency.condition": "\"success\""]

    func text() throws(CompilerError) -> String {
        var parts: [[String]] = []
        for type in set.types where !interfaces.isDisjoint(with: type.interfaces) {
            switch type.value {
            case .enumeration(let values): parts.append(alias(type.name, values, type.comment))
            case .structure(let fields): parts.append(try record(type.name, fields, type.comment))
            default: throw CompilerError("\(type.name) is neither a structure nor an enumeration")
            }
        }
        for interface in set.interfaces {
            for method in interface.methods {
                let method = (name: "\(interface.name).\(method.name)", reply: method.reply, comment: method.comment)
                guard let name = Self.replies[method.name] else { continue }
                parts.append(try record(name, method.reply, ["What \(method.name) replies.", ""] + method.comment))
            }
        }
        for error in set.errors where error.comments.contains(where: { interfaces.contains($0.interface) }) {
            parts.append(exception(error))
        }
        let head = """
            \"""\(GeneratedFiles.notice)\"""

            from __future__ import annotations

            from dataclasses import dataclass
            from typing import Any, Dict, List, Optional

            from .errors import SqzdError

            """
        return head + parts.map { "\n\n" + $0.joined(separator: "\n") + "\n" }.joined()
    }

    /// A set of strings is a string to Python; the name tells which.
    private func alias(_ name: String, _ values: [String], _ comment: [String]) -> [String] {
        let quoted = values.map { "\"\($0)\"" }
        let all = quoted.dropLast().joined(separator: ", ") + " or " + quoted.last!
        return Prose.wrapped(["\(all).\(comment.isEmpty ? "" : " ")\(comment.joined(separator: " "))"], prefix: "# ")
            + ["\(name) = str"]
    }

    private func record(
        _ name: String, _ fields: [Interface.Field], _ comment: [String]
    ) throws(CompilerError) -> [String] {
        var lines = ["@dataclass(frozen=True)", "class \(Self.names[name] ?? name):"]
        lines += docstring(Prose.paragraphs(comment).map { Self.withNames(of: fields, $0) })
        if !comment.isEmpty { lines.append("") }
        for field in fields {
            let preset = Self.defaults["\(name).\(field.name)"].map { " = \($0)" } ?? ""
            let type = try Self.python(field.type, of: "\(name).\(field.name)")
            lines.append("    \(Self.snake(field.name)): \(type)\(preset)")
        }
        return lines
    }

    private func exception(_ error: InterfaceSet.SharedError) -> [String] {
        let parameters = error.parameters.map { "`\($0.name)`" }
        let told = parameters.isEmpty ? [] : ["Parameters: \(parameters.joined(separator: ", "))."]
        let documentation = docstring(error.paragraphs(of: interfaces) + told)
        return ["class \(error.name)(SqzdError):"] + (documentation.isEmpty ? ["    pass"] : documentation)
    }

    private func docstring(_ paragraphs: [String]) -> [String] {
        guard !paragraphs.isEmpty else { return [] }
        var lines: [String] = []
        for paragraph in paragraphs {
            // Room for the quotes at either end.
            let wrapped = Prose.wrapped([paragraph], prefix: "    ", width: Prose.width - 6)
            lines += (lines.isEmpty ? [] : [""]) + wrapped
        }
        lines[0] = "    \"\"\"" + lines[0].dropFirst(4)
        if lines.count > 1 { return lines + ["    \"\"\""] }
        return [lines[0] + "\"\"\""]
    }

    /// A sentence in which fields have the names that they have in Python.
    private static func withNames(of fields: [Interface.Field], _ text: String) -> String {
        text.split(separator: " ").map { word in
            let name = word.prefix { $0.isLetter || $0.isNumber }
            guard fields.contains(where: { $0.name == name }) else { return String(word) }
            return snake(String(name)) + word.dropFirst(name.count)
        }.joined(separator: " ")
    }

    /// `submitted_at` of `submittedAt`.
    private static func snake(_ name: String) -> String {
        name.map { $0.isUppercase ? "_\($0.lowercased())" : String($0) }.joined()
    }

    private static func python(_ type: Interface.ValueType, of place: String) throws(CompilerError) -> String {
        switch type {
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .string: "str"
        case .object: "Dict[str, Any]"
        case .named(let name): names[name] ?? name
        case .nullable(let type): "Optional[\(try python(type, of: place))]"
        case .array(let type): "List[\(try python(type, of: place))]"
        case .dictionary(let type): "Dict[str, \(try python(type, of: place))]"
        case .structure, .enumeration: throw CompilerError("\(place): declare its type by a name of its own")
        }
    }
}
