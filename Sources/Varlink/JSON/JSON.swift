internal import CJansson

/// JSON text to and from `Codable` values. The text is parsed and written by libjansson; nothing outside this folder sees a
/// `json_t`.
///
/// Refused when reading: duplicate keys, bad UTF-8, numbers that fit neither `Int64` nor a finite `Double`, nesting deeper
/// than ``maximumDepth``. Refused when writing: NaN and infinity, which JSON (RFC 8259, section 6) cannot say.
public enum JSON {
    /// Deepest nesting of arrays and objects that is accepted.
    public static let maximumDepth = 64

    /// What happens to an object's key that the decoded type never asks for.
    public enum UnknownKeys: Sendable {
        /// As a Varlink client must: a newer service may say more.
        case ignore
        /// As a Varlink service should: the caller asked for something that would not happen.
        case refuse
    }

    /// The compact JSON text of `value`, which must encode as an object or an array.
    public static func encode(_ value: some Encodable) throws(JSONError) -> [UInt8] {
        let (node, longStrings) = try JSONEncoding.node(of: value)
        defer { json_decref(node) }
        var text = JSONText(longStrings)
        let isWritten = withUnsafeMutablePointer(to: &text) {
            json_dump_callback(node, JSONText.take, $0, Int(JSON_COMPACT)) == 0
        }
        guard isWritten else {
            throw JSONError(.syntax, "the top level of a JSON text must be an object or an array")
        }
        return text.bytes
    }

    /// A string as JSON, for text that is written without a tree.
    public static func quoted(_ text: String) throws(JSONError) -> [UInt8] {
        guard PlainText.isPlain(text) else { return Array(try encode([text]).dropFirst().dropLast()) }
        let mark = CollectionOfOne(UInt8(ascii: "\""))
        return mark + Array(text.utf8) + mark
    }

    /// The value that `bytes` say, which must be one whole JSON text.
    public static func decode<T: Decodable>(
        _ type: T.Type, from bytes: UnsafeRawBufferPointer, unknownKeys: UnknownKeys = .ignore
    ) throws(JSONError) -> T {
        try JSONDocument(parsing: bytes).root.decode(type, unknownKeys: unknownKeys)
    }

    /// Whether these are one whole JSON text.
    static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do throws(JSONError) {
            _ = try JSONDocument(parsing: bytes)
            return true
        } catch {
            return false
        }
    }

    /// The value that `bytes` say, which must be one whole JSON text.
    public static func decode<T: Decodable>(
        _ type: T.Type, from bytes: [UInt8], unknownKeys: UnknownKeys = .ignore
    ) throws(JSONError) -> T {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try decode(type, from: bytes, unknownKeys: unknownKeys) }
        }.get()
    }
}

/// Why a JSON text could not be read or written.
public struct JSONError: Error, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Not JSON, or JSON of a kind that is refused.
        case syntax
        /// A key is missing, or its value is null where a value must be.
        case missing
        /// A value is of another type or out of range.
        case mismatch
        /// A key that nothing asks for.
        case unknownKey
    }

    public let kind: Kind
    /// Where in the text, as `options.epochs` or `images[2]`; empty where it is the whole.
    public let path: String
    public let reason: String

    init(_ kind: Kind, _ reason: String, at path: [any CodingKey] = []) {
        self.kind = kind
        self.reason = reason
        self.path = path.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
    }

    public var description: String { path.isEmpty ? reason : "\(path): \(reason)" }

    /// For people who know the whole text by a name: what is wrong with it, or with which part.
    public func sentence(about name: String) -> String {
        let place = name + (path.isEmpty || path.hasPrefix("[") ? "" : ".") + path
        switch kind {
        case .syntax: return "\(place) is no JSON: \(reason)"
        case .unknownKey: return "\(place) is not known to this version"
        case .missing where reason == "missing": return "\(place) is missing"
        case .missing, .mismatch: return place + (reason.hasPrefix("must ") ? " " : ": ") + reason
        }
    }
}
