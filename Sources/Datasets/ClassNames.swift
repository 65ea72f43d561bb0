/// Lists of class names as data sets come with them: one name a line, in the order of the labels.
public enum ClassNames {
    /// Parses the text of `batches.meta.txt`, `fine_label_names.txt` or of a user's own list; `file` is for the error.
    public static func parse(
        _ text: [UInt8], file: String, limits: DatasetLimits = .standard
    ) throws(DatasetError) -> [String] {
        guard text.count <= limits.classListBytes else {
            throw DatasetError(
                .overLimit, file, "a list of class names of more than \(limits.classListBytes) bytes")
        }
        guard let text = String(validating: text, as: UTF8.self) else {
            throw DatasetError(.malformed, file, "the class names are not UTF-8")
        }
        // isNewline, since CR LF is a single Character.
        let names = tidy(text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline))
        try check(names, file: file, limits: limits)
        try checkPrintable(names, file: file)
        return names
    }

    /// Refuses names with what can't be seen, or turns the direction of writing: two could look the same. Data sets and models
    /// that have such names already are used as they are.
    static func checkPrintable(_ names: [String], file: String?) throws(DatasetError) {
        for (label, name) in names.enumerated() where name.unicodeScalars.contains(where: isInvisible) {
            let escaped = name.unicodeScalars.map { scalar in
                isInvisible(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
            }.joined()
            throw DatasetError(
                .malformed, file, "the name of class \(label) has a character that can't be seen: \(escaped)")
        }
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// Refuses an empty list, too many names, and what `checkEach` does.
    static func check(_ names: [String], file: String?, limits: DatasetLimits) throws(DatasetError) {
        guard !names.isEmpty else { throw DatasetError(.malformed, file, "no class names; one a line would be right") }
        guard names.count <= limits.classes else {
            throw DatasetError(.overLimit, file, "\(names.count) class names; at most \(limits.classes) are taken")
        }
        try checkEach(names, file: file, limits: limits, hint: "; one a line would be right")
    }

    /// Refuses names that are empty, too long, not printable or there twice, wherever they come from: data set or model.
    public static func checkEach(
        _ names: [String], file: String? = nil, limits: DatasetLimits = .standard, hint: String = ""
    ) throws(DatasetError) {
        var labels: [String: Int] = [:]
        for (label, name) in names.enumerated() {
            guard !name.isEmpty else {
                throw DatasetError(.malformed, file, "the name of class \(label) is empty\(hint)")
            }
            guard name.utf8.count <= limits.classNameBytes else {
                throw DatasetError(
                    .overLimit, file,
                    "the name of class \(label) has \(name.utf8.count) bytes; at most \(limits.classNameBytes) are taken"
                )
            }
            guard !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw DatasetError(.malformed, file, "the name of class \(label) has a control character")
            }
            if let first = labels.updateValue(label, forKey: name) {
                throw DatasetError(.malformed, file, "classes \(first) and \(label) have the same name: \(name)")
            }
        }
    }

    /// The lines of a list as names: without a byte order mark before the first, which some editors write, without spaces
    /// around them, and without blank lines at the end.
    static func tidy(_ lines: [some StringProtocol]) -> [String] {
        let isBlank: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" }
        var names = lines.enumerated().map { index, line in
            let scalars = line.unicodeScalars.drop { index == 0 && $0 == "\u{FEFF}" }.drop(while: isBlank)
            return String(String.UnicodeScalarView(scalars.reversed().drop(while: isBlank).reversed()))
        }
        while names.last?.isEmpty == true { names.removeLast() }
        return names
    }
}
