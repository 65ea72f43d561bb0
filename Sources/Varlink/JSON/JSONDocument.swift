internal import CJansson

typealias JSONNode = UnsafeMutablePointer<json_t>

/// A parsed JSON text, and the owner of its nodes.
// Sendable: the tree is never changed after the initializer, and reading it touches no reference count.
final class JSONDocument: @unchecked Sendable {
    private let node: JSONNode

    init(parsing bytes: UnsafeRawBufferPointer, maximumValues: Int = .max) throws(JSONError) {
        node = try Self.parse(bytes, maximumValues)
    }

    init(parsing bytes: [UInt8]) throws(JSONError) {
        node = try bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try Self.parse(bytes, .max) }
        }.get()
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer, _ maximumValues: Int) throws(JSONError) -> JSONNode {
        let (depth, values) = survey(bytes)
        guard depth <= JSON.maximumDepth else {
            throw JSONError(.syntax, "nested deeper than \(JSON.maximumDepth) levels")
        }
        guard values <= maximumValues else { throw JSONError(.syntax, "more than \(maximumValues) values") }
        var error = json_error_t()
        let text = bytes.assumingMemoryBound(to: CChar.self)
        guard let node = json_loadb(text.baseAddress, text.count, Int(JSON_REJECT_DUPLICATES), &error) else {
            let reason = withUnsafeBytes(of: &error.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw JSONError(.syntax, "\(reason) (line \(error.line), column \(error.column))")
        }
        return node
    }

    deinit { json_decref(node) }

    var root: JSONReference { JSONReference(document: self, node: node) }

    /// Deepest nesting, and no fewer values than there are, counted on the bytes before jansson sees them: its own limit of
    /// depth (2,048) is fixed when it is built, and its parser recurses; a value of two bytes takes it up to 200 of memory.
    private static func survey(_ bytes: UnsafeRawBufferPointer) -> (depth: Int, values: Int) {
        var depth = 0
        var values = 1
        var deepest = 0
        var inString = false
        var escaped = false
        for byte in bytes {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                values += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ","): values += 1
            default: break
            }
        }
        return (deepest, values)
    }
}

/// One node of a document, which it keeps alive.
// Sendable: see JSONDocument.
struct JSONReference: @unchecked Sendable {
    private let document: JSONDocument
    private let node: JSONNode

    init(document: JSONDocument, node: JSONNode) {
        self.document = document
        self.node = node
    }

    var isObject: Bool { node.pointee.type == JSON_OBJECT }
    var isNull: Bool { node.pointee.type == JSON_NULL }

    var keys: [String] { node.keys }

    /// The value of a key, or nil where this is no object or has no such key.
    subscript(key: String) -> JSONReference? {
        json_object_get(node, key).map { JSONReference(document: document, node: $0) }
    }

    var string: String? { node.string }

    /// nil where this is no boolean.
    var bool: Bool? {
        switch node.pointee.type {
        case JSON_TRUE: true
        case JSON_FALSE: false
        default: nil
        }
    }

    func decode<T: Decodable>(_ type: T.Type, unknownKeys: JSON.UnknownKeys) throws(JSONError) -> T {
        defer { withExtendedLifetime(document) {} }
        return try JSONDecoding(node: node, unknownKeys: unknownKeys, codingPath: []).value(type)
    }
}

extension JSONNode {
    /// An object's keys in the order of the text.
    var keys: [String] {
        var keys: [String] = []
        var iterator = json_object_iter(self)
        while iterator != nil {
            keys.append(String(cString: json_object_iter_key(iterator)))
            iterator = json_object_iter_next(self, iterator)
        }
        return keys
    }

    var string: String? {
        guard let start = json_string_value(self) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: start, count: json_string_length(self))
        return String(decoding: bytes, as: UTF8.self)
    }
}
