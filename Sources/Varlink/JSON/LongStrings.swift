internal import CJansson
internal import Glibc

/// Strings that go past jansson, which reads and writes text byte by byte: pictures in base64 are nearly all that large messages
/// hold. In their place it has short strings: a mark, and a number in this list. A text in which the mark stands otherwise goes
/// through jansson whole.
struct LongStrings {
    private(set) var texts: [String] = []

    /// Bytes from which on a string is long.
    static let length = 512
    /// U+10FFFF, which stands for no character.
    static let mark: StaticString = "\u{10FFFF}"

    var isEmpty: Bool { texts.isEmpty }

    private static var markBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: mark.utf8Start, count: mark.utf8CodeUnitCount)
    }

    /// A number's short string.
    private static func placeholder(_ number: Int) -> String { "\u{10FFFF}\(number)" }

    /// The one that a short string stands for.
    subscript(placeholder: UnsafeRawBufferPointer) -> String? {
        guard !texts.isEmpty, placeholder.starts(with: Self.markBytes) else { return nil }
        return Int(String(decoding: placeholder.dropFirst(Self.markBytes.count), as: UTF8.self)).flatMap {
            texts.indices.contains($0) ? texts[$0] : nil
        }
    }

    /// Takes a string; gives what stands for it.
    mutating func take(_ text: String) -> String {
        texts.append(text)
        return Self.placeholder(texts.count - 1)
    }

    /// The mark's first byte is that of planes 16 alone. It may be anywhere: jansson hands over a string in pieces.
    static func mayHaveMark(_ text: String) -> Bool { text.utf8.contains(0xF4) }
}

extension LongStrings {
    /// Takes those that a survey found out of a text; gives the rest, nil where that could stand for something else.
    mutating func take(_ ranges: [Range<Int>], outOf bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var rest: [UInt8] = []
        rest.reserveCapacity(bytes.count - ranges.reduce(0) { $0 + $1.count } + 16 * ranges.count)
        var place = 0
        for range in ranges {
            guard Self.isUnmarked(UnsafeRawBufferPointer(rebasing: bytes[place..<range.lowerBound])) else { return nil }
            rest += bytes[place..<range.lowerBound]
            rest += take(String(decoding: bytes[range], as: UTF8.self)).utf8
            place = range.upperBound
        }
        guard Self.isUnmarked(UnsafeRawBufferPointer(rebasing: bytes[place...])) else { return nil }
        return rest + bytes[place...]
    }

    /// Has no mark (whose first byte, 0xF4, is that of planes 16 alone), and nothing by which JSON could spell it (a surrogate,
    /// `\uDBFF`).
    private static func isUnmarked(_ bytes: UnsafeRawBufferPointer) -> Bool {
        func has(_ byte: UInt8) -> Bool {
            !bytes.isEmpty && memchr(bytes.baseAddress!, CInt(byte), bytes.count) != nil
        }
        guard !has(0xF4) else { return false }
        guard has(UInt8(ascii: "\\")) else { return true }
        return bytes.indices.dropLast(2).allSatisfy {
            bytes[$0] != UInt8(ascii: "\\") || bytes[$0 + 1] != UInt8(ascii: "u")
                || bytes[$0 + 2] | 0x20 != UInt8(ascii: "d")
        }
    }
}

/// Those that are met while a value is written.
final class WrittenStrings {
    private(set) var taken = LongStrings()
    /// One of them could be taken for another's place.
    private(set) var metMark = false
    private let takesThem: Bool

    init(takesThem: Bool) { self.takesThem = takesThem }

    /// A new reference to the node that says a string.
    func node(_ value: String) -> JSONNode {
        guard takesThem else { return Self.node(value) }
        guard value.utf8.count >= LongStrings.length, PlainText.isPlain(value) else {
            meet(value)
            return Self.node(value)
        }
        return Self.node(taken.take(value))
    }

    /// A key, or a string that stays where it is.
    func meet(_ text: String) { metMark = metMark || LongStrings.mayHaveMark(text) }

    private static func node(_ value: String) -> JSONNode {
        var value = value
        return value.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { json_stringn_nocheck($0.baseAddress, $0.count)! }
        }
    }
}
