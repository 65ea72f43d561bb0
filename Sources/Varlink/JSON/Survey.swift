internal import Glibc

/// What is seen of a JSON text before jansson reads it, which takes a function call for each byte and recurses.
struct Survey {
    /// Deepest nesting. jansson's own limit (2,048) is fixed when it is built.
    private(set) var depth = 0
    /// No fewer than there are: a value of two bytes takes jansson up to 200 of memory.
    private(set) var values = 1
    /// What is between the quotation marks of long plain strings that are values.
    private(set) var longStrings: [Range<Int>] = []

    init(_ bytes: UnsafeRawBufferPointer) {
        var level = 0
        var place = 0
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                let content = place + 1..<Self.endOfString(bytes, from: place + 1)
                if content.count >= LongStrings.length, !Self.isKey(bytes, endingAt: content.upperBound),
                    PlainText.isPlain(UnsafeRawBufferPointer(rebasing: bytes[content]))
                {
                    longStrings.append(content)
                }
                place = content.upperBound
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                level += 1
                values += 1
                depth = max(depth, level)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): level -= 1
            case UInt8(ascii: ","): values += 1
            default: break
            }
            place += 1
        }
    }

    /// Where the quotation mark is that ends a string, or the end of the text. Each run of backslashes is counted once.
    private static func endOfString(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var place = start
        while place < bytes.count,
            let found = memchr(bytes.baseAddress! + place, CInt(UInt8(ascii: "\"")), bytes.count - place)
        {
            place = UnsafeRawPointer(found) - bytes.baseAddress!
            var escapes = 0
            while place - escapes > start, bytes[place - escapes - 1] == UInt8(ascii: "\\") { escapes += 1 }
            if escapes.isMultiple(of: 2) { return place }
            place += 1
        }
        return bytes.count
    }

    /// Behind the bracket that closes the object which begins at `start`; nil where there is none.
    ///
    /// - Parameter string: gets what is between quotation marks in the object itself: its keys, and values that are strings.
    static func endOfObject(
        _ bytes: UnsafeRawBufferPointer, from start: Int, string: (Slice<UnsafeRawBufferPointer>) -> Void = { _ in }
    ) -> Int? {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else { return nil }
        var level = 0
        var place = start
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                let end = endOfString(bytes, from: place + 1)
                if level == 1 { string(bytes[place + 1..<end]) }
                place = end
            case UInt8(ascii: "{"), UInt8(ascii: "["): level += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                level -= 1
                if level == 0 { return place + 1 }
            default: break
            }
            place += 1
        }
        return nil
    }

    private static func isKey(_ bytes: UnsafeRawBufferPointer, endingAt end: Int) -> Bool {
        let blank: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        return bytes.dropFirst(end + 1).first { !blank.contains($0) } == UInt8(ascii: ":")
    }
}
