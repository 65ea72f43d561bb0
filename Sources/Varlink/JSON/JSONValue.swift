internal import CJansson

/// Any JSON value: what Varlink calls `object`, and what has no type yet.
public enum JSONValue: Codable, Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(node: JSONNode, _ longStrings: LongStrings, at path: [any CodingKey]) throws(JSONError) {
        switch node.pointee.type {
        case JSON_TRUE: self = .bool(true)
        case JSON_FALSE: self = .bool(false)
        case JSON_INTEGER: self = .integer(json_integer_value(node))
        case JSON_REAL: self = .number(json_real_value(node))
        case JSON_STRING: self = .string(node.string(longStrings) ?? "")
        case JSON_ARRAY:
            var values: [JSONValue] = []
            for index in 0..<json_array_size(node) {
                values.append(try JSONValue(node: json_array_get(node, index), longStrings, at: path))
            }
            self = .array(values)
        case JSON_OBJECT:
            var members: [String: JSONValue] = [:]
            for key in node.keys {
                members[key] = try JSONValue(node: json_object_get(node, key), longStrings, at: path)
            }
            self = .object(members)
        default: self = .null
        }
    }

    /// A new reference to the node that says this value; an object's keys in alphabetical order, so that equal values are
    /// equal texts.
    func makeNode(_ longStrings: WrittenStrings, at path: [any CodingKey]) throws(JSONError) -> JSONNode {
        switch self {
        case .null: return json_null()
        case .bool(let value): return value ? json_true() : json_false()
        case .integer(let value): return json_integer(value)
        case .number(let value): return try JSONEncoding.real(value, at: path)
        case .string(let value): return longStrings.node(value)
        case .array(let values):
            let node = json_array()!
            for value in values { json_array_append_new(node, try value.makeNode(longStrings, at: path)) }
            return node
        case .object(let members):
            let node = json_object()!
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                longStrings.meet(key)
                json_object_set_new_nocheck(node, key, try value.makeNode(longStrings, at: path + [JSONKey(key)]))
            }
            return node
        }
    }

    // This library's own coders take the two functions above; these are for any other coder.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let decoding = decoder as? JSONDecoding {
            self = try JSONValue(node: decoding.node, decoding.longStrings, at: decoding.codingPath)
        } else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "JSONValue is read by JSON.decode")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        guard let encoding = encoder as? JSONEncoding else {
            throw EncodingError.invalidValue(
                self, .init(codingPath: [], debugDescription: "JSONValue is written by JSON.encode"))
        }
        encoding.place(try makeNode(encoding.longStrings, at: encoding.codingPath))
    }
}
