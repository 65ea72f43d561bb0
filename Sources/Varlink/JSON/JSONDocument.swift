internal import CJansson

typealias JSONNode = UnsafeMutablePointer<json_t>

/// A parsed JSON text, and the owner of its nodes.
// Sendable: the tree is never changed after the initializer, and reading it touches no reference count.
final class JSONDocument: @unchecked Sendable {
    private let node: JSONNode
    /// What some of its strings stand for.
    let longStrings: LongStrings

    init(parsing bytes: UnsafeRawBufferPointer, maximumValues: Int = .max) throws(JSONError) {
        let survey = Survey(bytes)
        guard survey.depth <= JSON.maximumDepth else {
            throw JSONError(.syntax, "nested deeper than \(JSON.maximumDepth) levels")
        }
        guard survey.values <= maximumValues else { throw JSONError(.syntax, "more than \(maximumValues) values") }
        var longStrings = LongStrings()
        if !survey.longStrings.isEmpty, let rest = longStrings.take(survey.longStrings, outOf: bytes) {
            let node = rest.withUnsafeBytes { rest in Result { () throws(JSONError) in try Self.parse(rest) } }
            if case .success(let node) = node {
                self.node = node
                self.longStrings = longStrings
                return
            }
            // What is wrong is told of the text as it is.
        }
        node = try Self.parse(bytes)
        self.longStrings = LongStrings()
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONNode {
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

    subscript(index: Int) -> JSONReference? {
        json_array_get(node, index).map { JSONReference(document: document, node: $0) }
    }

    var isList: Bool { node.pointee.type == JSON_ARRAY }

    /// Of members or elements.
    var count: Int { isList ? json_array_size(node) : json_object_size(node) }

    var string: String? { node.string(document.longStrings) }

    var integer: Int? { node.pointee.type == JSON_INTEGER ? Int(exactly: json_integer_value(node)) : nil }

    var number: Double? {
        switch node.pointee.type {
        case JSON_REAL, JSON_INTEGER: json_number_value(node)
        default: nil
        }
    }

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
        return try JSONDecoding(
            node: node, longStrings: document.longStrings, unknownKeys: unknownKeys, codingPath: []
        ).value(type)
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

    func string(_ longStrings: LongStrings) -> String? {
        guard let start = json_string_value(self) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: start, count: json_string_length(self))
        return longStrings[bytes] ?? String(decoding: bytes, as: UTF8.self)
    }
}
