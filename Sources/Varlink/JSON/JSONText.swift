internal import CJansson

/// The text that jansson writes, but for numbers with a fraction: jansson (before 2.15) gives each of them 17 digits, 0.277 as
/// 0.27700000000000002. Here they have as few as read back the same.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private let longStrings: LongStrings
    private var isInString = false

    init(_ longStrings: LongStrings) { self.longStrings = longStrings }

    /// jansson hands over a string in pieces between two quotation marks of their own, and a number whole.
    static let take: json_dump_callback_t = { piece, count, text in
        let text = text!.assumingMemoryBound(to: JSONText.self)
        text.pointee.append(UnsafeRawBufferPointer(start: piece, count: count))
        return 0
    }

    private mutating func append(_ piece: UnsafeRawBufferPointer) {
        if piece.count == 1, piece[0] == UInt8(ascii: "\"") { isInString.toggle() }
        if !isInString, piece.count > Self.shortest, let number = Self.fraction(piece) {
            bytes += number.description.utf8
        } else if isInString, let long = longStrings[piece] {
            bytes += long.utf8
        } else {
            bytes += piece
        }
    }

    /// A number of no more characters has no shorter form.
    private static let shortest = 4

    private static func fraction(_ piece: UnsafeRawBufferPointer) -> Double? {
        guard piece[0] == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(piece[0]),
            piece.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") })
        else { return nil }
        return Double(String(decoding: piece, as: UTF8.self))
    }
}
