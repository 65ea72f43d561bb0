public import Varlink

/// A prediction as it is kept, with its classes as the JSON in which the runner wrote them: hundreds of thousands come in a row.
public struct WrittenPrediction: Equatable, Sendable {
    public let picture: Int
    public let label: Int?
    /// A list of `ClassProbability`.
    public let classes: String
    /// The path that the picture had in what was imported.
    public let file: String?

    public init(_ prediction: Prediction) throws(JSONError) {
        picture = prediction.picture
        label = prediction.label
        classes = String(decoding: try JSON.encode(prediction.classes), as: UTF8.self)
        file = prediction.file
    }

    /// Of the text of one, which is checked as `RunnerInterface.Run.Reply` does; nil where it is not written as this version's
    /// runner does it, and must be read as any other.
    /// - Throws: `SqzError.runnerFailed` where a number can't be.
    public init?(_ text: UnsafeRawBufferPointer) throws {
        let parsed: ParsedJSON
        do { parsed = try ParsedJSON(text) } catch { return nil }
        guard let picture = parsed["picture"]?.integer, let list = parsed["classes"], list.isList,
            let classes = Self.list(text)
        else { return nil }
        var members = 2
        (label, file) = (parsed["label"]?.integer, parsed["file"]?.string)
        if label != nil { members += 1 }
        if file != nil { members += 1 }
        // With no member that is not known, there is no other list, and what was found in the text is this one.
        guard parsed.count == members else { return nil }
        try checkCount(picture, "predictions.picture")
        if let label { try checkCount(label, "predictions.label") }
        try checkPath(file)
        try checkCount(list.count, "the number of a prediction's classes", upTo: Limits.classesToName.upperBound)
        for place in 0..<list.count {
            guard let one = list[place], one.count == 3, let index = one["index"]?.integer,
                let name = one["name"]?.string, let probability = one["probability"]?.number
            else { return nil }
            try checkCount(index, "predictions.classes.index")
            try checkCount(name.utf8.count, "the number of bytes in a class's name", upTo: Limits.classNameBytes)
            try checkShare(probability, "predictions.classes.probability")
        }
        self.picture = picture
        self.classes = classes
    }

    /// The list of classes. A string in JSON has no quotation marks that are not escaped, so that the member's name with both of
    /// its own, a colon and a bracket is no part of one; and in the list there is no other.
    private static func list(_ text: UnsafeRawBufferPointer) -> String? {
        let name = Array(#""classes":["#.utf8)
        // It stands near the beginning.
        guard let found = text.indices.first(where: { text[$0] == name[0] && text[$0...].starts(with: name) }) else {
            return nil
        }
        let first = found + name.count - 1
        var isInString = false
        var place = first
        while place < text.count {
            switch text[place] {
            case UInt8(ascii: "\\") where isInString: place += 1
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "]") where !isInString: return String(decoding: text[first...place], as: UTF8.self)
            default: break
            }
            place += 1
        }
        return nil
    }
}
