/// A CSV or TSV file that says what pictures show: a heading with `file` and `label` (or `filename`, `image`, `path`; `class`),
/// then a line for each picture. Where there are two columns, and a picture's name in the first line, it needs no heading. It
/// lies beside the pictures or above their folder.
///
/// Source: RFC 4180 for commas and quotes; semicolons are what spreadsheets write where a comma is in numbers.
struct LabelList {
    struct Row {
        let line: Int
        let file: String
        let label: String
    }

    let path: MemberPath
    let rows: [Row]

    /// Whether a file of this name may be one.
    static func mayBe(_ path: MemberPath) -> Bool { mayBe(path.description) }

    static func mayBe(_ name: String) -> Bool { suffixes.contains(where: name.lowercased().hasSuffix) }

    private static let suffixes = [".csv", ".tsv"]
    private static let fileHeadings: Set = [
        "file", "filename", "filenames", "file_name", "filepath", "filepaths", "file_path", "image", "image_path",
        "path",
    ]
    private static let labelHeadings: Set = ["label", "labels", "class"]

    /// nil for a table of something else.
    /// - Throws: if a line has no file or no label.
    init?(_ path: MemberPath, _ bytes: [UInt8]) throws(DatasetError) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let isTabbed = path.description.lowercased().hasSuffix(".tsv")
        let first = text.prefix { !$0.isNewline }
        let separator: Unicode.Scalar = isTabbed ? "\t" : first.contains(",") ? "," : ";"
        var lines = Self.lines(of: text.unicodeScalars.first == "\u{FEFF}" ? text.dropFirst() : text[...], separator)
        guard let top = lines.first?.fields.map({ Self.trimmed($0) }) else { return nil }
        var heading = top.map { $0.lowercased() }
        if top.count == 2, let file = top.firstIndex(where: PictureKind.hasPictureName) {
            heading = file == 0 ? ["file", "label"] : ["label", "file"]
        } else {
            lines.removeFirst()
        }
        guard let file = heading.firstIndex(where: Self.fileHeadings.contains),
            let label = heading.firstIndex(where: Self.labelHeadings.contains)
        else { return nil }
        var rows: [Row] = []
        for line in lines where line.fields != [""] {
            guard line.fields.count > max(file, label), case let name = Self.trimmed(line.fields[file]), !name.isEmpty,
                case let text = Self.trimmed(line.fields[label]), !text.isEmpty
            else {
                throw DatasetError(
                    .malformed, "\(path)",
                    "line \(line.number) has no \(heading[file]) or no \(heading[label]); right would be 1.jpg\(separator)cat"
                )
            }
            rows.append(Row(line: line.number, file: name, label: text))
        }
        self.path = path
        self.rows = rows
    }

    private static func trimmed(_ field: String) -> String { ClassNames.tidy([field]).first ?? "" }

    /// The fields of each line, and the number of the line that they begin in. By scalars: what joins to the separator or quote
    /// before it, such as a combining accent, is the field's.
    private static func lines(of text: Substring, _ separator: Unicode.Scalar) -> [(number: Int, fields: [String])] {
        var lines: [(number: Int, fields: [String])] = []
        var (field, fields) = (String.UnicodeScalarView(), [String]())
        var (number, start) = (1, 1)
        var isQuoted = false
        var rest = text.unicodeScalars
        while let scalar = rest.popFirst() {
            // CR LF is one end of a line, which its LF is.
            let isNewline = isNewline(scalar) && !(scalar == "\r" && rest.first == "\n")
            if isNewline { number += 1 }
            switch scalar {
            case "\"" where isQuoted && rest.first == "\"":
                field.append(scalar)
                rest.removeFirst()
            case "\"" where isQuoted || field.isEmpty: isQuoted.toggle()
            case _ where isQuoted: field.append(scalar)
            case separator:
                fields.append(String(field))
                field = .init()
            case "\r" where !isNewline: break
            case _ where isNewline:
                lines.append((start, fields + [String(field)]))
                (field, fields, start) = (.init(), [], number)
            default: field.append(scalar)
            }
        }
        if !field.isEmpty || !fields.isEmpty { lines.append((start, fields + [String(field)])) }
        return lines
    }

    /// As `Character.isNewline`.
    private static func isNewline(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n"..."\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}

extension PictureLayout {
    /// By lists, which tell more than folders do. The list's name may be a split's, as in `train.csv` and `test.csv`; pictures
    /// that no list names are passed over.
    init(
        _ paths: [MemberPath], _ lists: [LabelList], classes: [String]?, limits: DatasetLimits
    ) throws(DatasetError) {
        let folder = lists[0].path.names.dropLast()
        if let other = lists.first(where: { $0.path.names.dropLast() != folder }) {
            throw DatasetError(
                .malformed, "\(other.path)",
                "a list of labels in another folder than \(lists[0].path); right would be the same")
        }
        let index = PictureIndex(paths, below: folder)
        var found: [Int: (split: SplitWord, label: String)] = [:]
        for list in lists {
            let name = list.path.names[folder.count].prefix { $0 != UInt8(ascii: ".") }
            let split = SplitWord(name) ?? .train
            for row in list.rows {
                let place: Int
                do throws(DatasetError) { place = try index.place(of: row.file) } catch {
                    throw DatasetError(.malformed, "\(list.path)", "line \(row.line): \(error.problem)")
                }
                guard found.updateValue((split, row.label), forKey: place) == nil else {
                    throw DatasetError(.malformed, "\(list.path)", "line \(row.line): \(row.file) has a label already")
                }
            }
        }
        let positions = paths.indices.map { place in
            found[place].map { Position(split: $0.split, folder: Array($0.label.utf8)[...]) }
        }
        try self.init(positions, commonFolders: folder.count, classes: classes, limits: limits) { _ in
            DatasetError(
                .malformed, "\(lists[0].path)", "the labels name fewer than two classes; right would be two at least")
        }
    }
}

/// Finds pictures by what a list calls them: their paths below its folder, or their own names where only one has it.
private struct PictureIndex {
    private var byPath: [[UInt8]: Int] = [:]
    /// nil where several have it.
    private var byName: [[UInt8]: Int?] = [:]

    init(_ paths: [MemberPath], below folder: ArraySlice<ArraySlice<UInt8>>) {
        for (place, path) in paths.enumerated() where path.names.starts(with: folder) {
            let own = path.names.dropFirst(folder.count)
            byPath[Array(own.joined(separator: [UInt8(ascii: "/")]))] = place
            let name = Array(own.last ?? [])
            byName.updateValue(byName.keys.contains(name) ? nil : place, forKey: name)
        }
    }

    func place(of file: String) throws(DatasetError) -> Int {
        let names = file.utf8.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
        if let place = byPath[Array(names.joined(separator: [UInt8(ascii: "/")]))] { return place }
        guard names.count == 1, let place = byName[Array(names[0])] else {
            throw DatasetError(
                .malformed, nil, "there is no picture \(file); right would be its path below the list's folder")
        }
        guard let place else {
            throw DatasetError(
                .malformed, nil, "there are several pictures \(file); right would be its path below the list's folder")
        }
        return place
    }
}
