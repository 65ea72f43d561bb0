internal import CJansson

/// A JSON text as it was parsed, of which single values are read: for what comes by the thousand, where a decoder costs more than
/// the text.
public struct ParsedJSON: Sendable {
    private let value: JSONReference

    /// Of one whole JSON text.
    public init(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
        value = try JSONDocument(parsing: bytes).root
    }

    private init(_ value: JSONReference) { self.value = value }

    /// The value of a key; nil where this is no object or has no such key.
    public subscript(key: String) -> ParsedJSON? { value[key].map(ParsedJSON.init) }

    /// How many members an object has, or elements a list; 0 for all else.
    public var count: Int { value.count }

    /// Whether it is a list.
    public var isList: Bool { value.isList }

    /// An element of a list.
    public subscript(index: Int) -> ParsedJSON? { value[index].map(ParsedJSON.init) }

    /// nil where this is no whole number.
    public var integer: Int? { value.integer }

    /// nil where this is no number.
    public var number: Double? { value.number }

    /// nil where this is no string.
    public var string: String? { value.string }
}
