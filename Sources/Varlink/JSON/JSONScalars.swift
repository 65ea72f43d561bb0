internal import CJansson

/// Values that are neither objects nor arrays, read without a decoder of their own: they are nearly all that messages hold.
extension JSONNode {
    typealias Path = [any CodingKey]

    var isNull: Bool { pointee.type == JSON_NULL }

    func bool(at path: @autoclosure () -> Path) throws(JSONError) -> Bool {
        switch pointee.type {
        case JSON_TRUE: true
        case JSON_FALSE: false
        default: throw mismatch("a boolean", at: path())
        }
    }

    func text(_ longStrings: LongStrings, at path: @autoclosure () -> Path) throws(JSONError) -> String {
        guard let text = string(longStrings) else { throw mismatch("a string", at: path()) }
        return text
    }

    func number(at path: @autoclosure () -> Path) throws(JSONError) -> Double {
        switch pointee.type {
        case JSON_REAL, JSON_INTEGER: json_number_value(self)
        default: throw mismatch("a number", at: path())
        }
    }

    func integer<I: FixedWidthInteger>(_ type: I.Type, at path: @autoclosure () -> Path) throws(JSONError) -> I {
        guard pointee.type == JSON_INTEGER else { throw mismatch("an integer", at: path()) }
        let value = json_integer_value(self)
        guard let exact = I(exactly: value) else {
            throw JSONError(.mismatch, "must be from \(I.min) to \(I.max), is \(value)", at: path())
        }
        return exact
    }

    func mismatch(_ expected: String, at path: Path) -> JSONError {
        let found =
            switch pointee.type {
            case JSON_OBJECT: "an object"
            case JSON_ARRAY: "an array"
            case JSON_STRING: "a string"
            case JSON_INTEGER: "an integer"
            case JSON_REAL: "a number with a fraction"
            case JSON_TRUE, JSON_FALSE: "a boolean"
            default: "null"
            }
        return JSONError(isNull ? .missing : .mismatch, "must be \(expected), is \(found)", at: path)
    }
}
