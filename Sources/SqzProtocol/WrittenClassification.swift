/// Knows a `Classification` that is written as this version's runner does it: of a picture without a problem, without white space,
/// with classes whose names are plain. To see that such a text is JSON takes less than to parse it; any other is to be parsed.
public struct WrittenClassification {
    private let text: UnsafeRawBufferPointer
    private var place = 0

    public static func isOne(_ text: UnsafeRawBufferPointer) -> Bool {
        var reading = WrittenClassification(text: text)
        return reading.takeAll()
    }

    private init(text: UnsafeRawBufferPointer) { self.text = text }

    private mutating func takeAll() -> Bool {
        guard take(#"{"classes":["#) else { return false }
        if !take("]") {
            repeat { guard takeClass() else { return false } } while take(",")
            guard take("]") else { return false }
        }
        guard !take(#","label":"#) || takeWhole() else { return false }
        return take("}") && place == text.count
    }

    private mutating func takeClass() -> Bool {
        take(#"{"index":"#) && takeWhole() && take(#","name":""#) && takePlain() && take(#"","probability":"#)
            && takeNumber() && take("}")
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let end = place + word.utf8CodeUnitCount
        guard end <= text.count else { return false }
        for offset in 0..<word.utf8CodeUnitCount where text[place + offset] != word.utf8Start[offset] { return false }
        place = end
        return true
    }

    /// ASCII up to a quotation mark.
    private mutating func takePlain() -> Bool {
        while place < text.count, text[place] != UInt8(ascii: "\"") {
            guard (0x20..<0x7F).contains(text[place]), text[place] != UInt8(ascii: "\\") else { return false }
            place += 1
        }
        return true
    }

    /// Gives how many there are.
    private mutating func takeDigits() -> Int {
        let start = place
        while place < text.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[place] { place += 1 }
        return place - start
    }

    /// A whole number, small enough for all that reads one.
    private mutating func takeWhole() -> Bool {
        let isZero = place < text.count && text[place] == UInt8(ascii: "0")
        let digits = takeDigits()
        return digits == 1 || (2...15).contains(digits) && !isZero
    }

    private mutating func takeNumber() -> Bool {
        guard takeWhole() else { return false }
        if take("."), takeDigits() == 0 { return false }
        guard take("e") else { return true }
        if !take("-") { _ = take("+") }
        // So that it is finite.
        return (1...2).contains(takeDigits())
    }
}
