internal import SqzProtocol
internal import VarlinkCompiler

/// A method of the Python client for each kind, with its options as keywords and in the documentation.
enum PythonWriter {
    static func text(for kinds: [JobKind]) -> String {
        """
        \"""The kinds of jobs that the built-in runner offers, each with its options.

        \(OptionCompiler.notice)
        \"""

        from datetime import datetime
        from typing import Any, Optional

        from .handles import JobHandle
        from .jobs import Dependencies, JobCalls


        class KindCalls(JobCalls):
        \(kinds.map(method).joined(separator: "\n"))
        """
    }

    private static func method(_ kind: JobKind) -> String {
        var places: [(name: String, type: String)] = []
        if kind.dataset { places.append(("dataset", "str")) }
        switch kind.model {
        case .none: break
        case .used: places.append(("model", "str"))
        case .made: places.append(("model", "Optional[str] = None"))
        }
        let options = kind.options.map { ("\(keyword($0))", "Optional[\(type($0.type))] = None") }
        let parameters =
            places.map { "\($0.name): \($0.type)" } + ["*"]
            + (base(of: kind) + options + queue(of: kind)).map { "\($0.0): \($0.1)" } + ["**options: Any"]
        let passed = places.map(\.name) + base(of: kind).map(\.name) + queue(of: kind).map(\.name)
        return """
                def \(kind.name)(
                    self,
                    /,
            \(parameters.map { "        \($0)," }.joined(separator: "\n"))
                ) -> JobHandle:
            \(documentation(of: kind))
                    options.update(
            \(options.map { "            \($0.0)=\($0.0)," }.joined(separator: "\n"))
                    )
                    return self.submit(
                        "\(kind.name)",
                        {name.replace("_", "-"): value for name, value in options.items() if value is not None},
            \(passed.map { "            \($0)=\($0)," }.joined(separator: "\n"))
                    )

            """
    }

    private static func documentation(of kind: JobKind) -> String {
        let model =
            switch kind.model {
            case .none: ""
            case .used: " `model` is NAME, NAME@VERSION or NAME@TAG."
            case .made: " That is the next version of `model`; by default it has the data set's name."
            }
        let base = base(of: kind).isEmpty ? "" : " `base` is the model to begin with, NAME or NAME@VERSION."
        let paragraph = """
            \"""\(kind.help)\(model)\(base) Queues a job and returns its id; \(queue(of: kind).map(\.name).joined(separator: ", ")) \
            are those of `submit`. Other options are passed on, for runners that have them.
            """
        return
            ([wrapped(paragraph, indent: 8, after: 8), ""]
            + kind.options.map { wrapped("\(keyword($0)): \(kind.sentence($0))", indent: 8, after: 12) }
            + ["        \"\"\""]).joined(separator: "\n")
    }

    private static func base(of kind: JobKind) -> [(name: String, type: String)] {
        kind.tunes == true ? [("base", "Optional[str] = None")] : []
    }

    /// Where a job stands in the queue, how long it may take and what it leaves: the keywords of `submit`.
    private static func queue(of kind: JobKind) -> [(name: String, type: String)] {
        [
            ("priority", "Optional[int] = None"), ("after", "Optional[Dependencies] = None"), ("hold", "bool = False"),
            ("time_limit", "Optional[int] = None"), ("deadline", "Optional[datetime] = None"),
            ("name", "Optional[str] = None"), ("note", "Optional[str] = None"),
        ] + (kind.finishes == true ? [("keep_partial", "bool = False")] : [])
            + (kind.ranks == nil ? [] : [("ranks", "Optional[int] = None"), ("launcher", "Optional[str] = None")])
    }

    private static func keyword(_ option: JobOption) -> String { option.words.joined(separator: "_") }

    private static func type(_ type: OptionType) -> String {
        switch type {
        case .integer: "int"
        case .number: "float"
        case .text, .model: "str"
        case .flag: "bool"
        }
    }

    /// The text in lines: the first one indented by `indent`, the others by `after`.
    private static func wrapped(_ text: String, indent: Int, after: Int) -> String {
        Prose.wrapped([text], prefix: "", width: Prose.width - after).enumerated()
            .map { String(repeating: " ", count: $0 == 0 ? indent : after) + $1 }.joined(separator: "\n")
    }
}
