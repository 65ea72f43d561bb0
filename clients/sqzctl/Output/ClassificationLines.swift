internal import SqzProtocol
internal import Varlink

/// Many pictures, one a line: columns on a terminal, tabs behind a pipe, objects with `--json`.
struct ClassificationLines {
    let json: Bool
    /// The classes of a model, for labels that are not among the likeliest.
    let classes: (_ model: String) throws -> [String]
    private var names: [String]?
    /// They only grow, so that columns stay where they are.
    private var nameWidth = 0
    private var classWidth = 0

    init(json: Bool, classes: @escaping (_ model: String) throws -> [String]) {
        self.json = json
        self.classes = classes
    }

    /// A line of `--json`.
    private struct Object: Encodable {
        let file: String
        let model: String?
        let label: Int?
        let classes: [ClassProbability]?
        let problem: String?
    }

    mutating func add(_ answers: [Classifying.Answer], _ model: String?, bad: (InputError) throws -> Void) throws {
        let terminal = json ? nil : Terminal.output
        if let terminal { widen(for: answers, terminal.columns) }
        for answer in answers {
            switch answer.found {
            case .failure(let error):
                try bad(error)
                guard json else { continue }
                let prefix = answer.name + ": "
                let text = error.description
                let problem = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
                try Output.object(
                    Object(file: answer.name, model: nil, label: nil, classes: nil, problem: problem))
            case .success(let result) where json:
                try Output.object(
                    Object(
                        file: answer.name, model: model, label: result.label, classes: result.classes, problem: nil))
            case .success(let result):
                let label = try result.label.map { try name(of: $0, result, model) }
                Output.line(terminal == nil ? row(answer.name, result, label) : columns(answer.name, result, label))
            }
        }
    }

    private func row(_ name: String, _ result: Classification, _ label: String?) -> String {
        let cells = result.classes.flatMap { [$0.name.cell, Format.decimal($0.probability, places: 4)] }
        return ([name.cell] + cells + [label].compactMap { $0?.cell }).joined(separator: "\t")
    }

    private func columns(_ name: String, _ result: Classification, _ label: String?) -> String {
        let name = name.cell.keepingEnd(of: nameWidth).padded(to: nameWidth)
        let cells = result.classes.map { likely in
            let percent = Format.percent(likely.probability).padded(to: Self.percentWidth, atStart: true)
            return "\(likely.name.cell.cut(to: classWidth).padded(to: classWidth))  \(percent)"
        }
        return ([name] + cells + [label.map { "labelled \($0)" }].compactMap { $0 }).joined(separator: "  ")
    }

    private mutating func widen(for answers: [Classifying.Answer], _ columns: Int) {
        let results = answers.compactMap { answer in
            if case .success(let result) = answer.found { (answer.name, result) } else { nil }
        }
        let most = max(1, results.map(\.1.classes.count).max() ?? 1)
        let name = min(results.map(\.0.cell.columns).max() ?? 0, max(columns / 2 - 2, Self.leastWidth))
        nameWidth = max(nameWidth, name)
        let room = (columns - nameWidth) / most - Self.percentWidth - 4
        let classes = results.flatMap(\.1.classes).map(\.name.cell.columns).max() ?? 0
        classWidth = max(classWidth, min(classes, max(room, Self.leastWidth)))
    }

    private mutating func name(of label: Int, _ result: Classification, _ model: String?) throws -> String {
        if let likely = result.classes.first(where: { $0.index == label }) { return likely.name }
        if names == nil, let model { names = try classes(model) }
        return names?.indices.contains(label) == true ? names![label] : "class \(label)"
    }

    private static let percentWidth = 7
    private static let leastWidth = 8
}

extension String {
    /// A path that takes this many columns at most: its last part tells more than its first.
    fileprivate func keepingEnd(of columns: Int) -> String {
        guard self.columns > columns else { return self }
        var text = self[...]
        while !text.isEmpty, String(text).columns >= columns { text.removeFirst() }
        return Display.ellipsis + text
    }
}
