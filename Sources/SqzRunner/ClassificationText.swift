internal import SqzProtocol
internal import Varlink

/// Writes classifications as JSON, as `Classification` is written, but without a tree: most of the text is the same for each.
struct ClassificationText {
    /// For each class what is before its probability.
    private let beginnings: [[UInt8]]

    init(classes: [String]) throws {
        beginnings = try classes.enumerated().map { index, name in
            Array(#"{"index":\#(index),"name":"#.utf8) + (try JSON.quoted(name)) + Array(#","probability":"#.utf8)
        }
    }

    /// Adds a `Classification` with the label that the picture came with.
    func append(_ probabilities: UnsafeBufferPointer<Float>, top: Int, label: UInt8?, to text: inout [UInt8]) throws {
        text.append(UInt8(ascii: "{"))
        try appendClasses(probabilities, top: top, to: &text)
        if let label { text += #","label":\#(label)"#.utf8 }
        text.append(UInt8(ascii: "}"))
    }

    /// Adds a `Prediction`.
    func append(
        _ probabilities: UnsafeBufferPointer<Float>, top: Int, picture: Int, label: Int, file: String?,
        to text: inout [UInt8]
    ) throws {
        text += #"{"picture":\#(picture),"label":\#(label),"#.utf8
        try appendClasses(probabilities, top: top, to: &text)
        if let file { text += #","file":"#.utf8 + (try JSON.quoted(file)) }
        text.append(UInt8(ascii: "}"))
    }

    /// The `top` likeliest classes, likeliest first, of equals the first.
    private func appendClasses(_ probabilities: UnsafeBufferPointer<Float>, top: Int, to text: inout [UInt8]) throws {
        text += #""classes":["#.utf8
        for (place, index) in Ranking.likeliest(probabilities, top: top).enumerated() {
            guard probabilities[index].isFinite else {
                throw SqzError.runnerFailed(reason: "the model gives a probability that is no number")
            }
            if place > 0 { text.append(UInt8(ascii: ",")) }
            text += beginnings[index]
            text += probabilities[index].description.utf8
            text.append(UInt8(ascii: "}"))
        }
        text.append(UInt8(ascii: "]"))
    }

    func append(_ problem: ReceivedPicture.Problem, to text: inout [UInt8]) throws {
        text += try JSON.encode(
            Classification(classes: [], problem: problem.reason, again: problem.isUnknown ? true : nil))
    }
}
