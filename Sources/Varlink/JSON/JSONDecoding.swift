internal import CJansson

/// A `Decoder` over one node. Every object that a type decodes notes the keys that were asked for, so that a key nothing
/// asks for can be refused by name.
struct JSONDecoding: Decoder {
    let node: JSONNode
    let longStrings: LongStrings
    let unknownKeys: JSON.UnknownKeys
    let codingPath: [any CodingKey]
    /// nil where nobody minds what was not asked for.
    let asked: AskedKeys?
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(node: JSONNode, longStrings: LongStrings, unknownKeys: JSON.UnknownKeys, codingPath: [any CodingKey]) {
        self.node = node
        self.longStrings = longStrings
        self.unknownKeys = unknownKeys
        self.codingPath = codingPath
        asked = unknownKeys == .refuse && node.pointee.type == JSON_OBJECT ? AskedKeys() : nil
    }

    final class AskedKeys {
        var names: Set<String> = []
        /// Objects below that the same type reads.
        var nested: [JSONDecoding] = []
    }

    /// The node as a `T`, or why it is none.
    func value<T: Decodable>(_ type: T.Type) throws(JSONError) -> T {
        do {
            if type == JSONValue.self { return try JSONValue(node: node, longStrings, at: codingPath) as! T }
            let value = try T(from: self)
            try refuseUnknownKeys()
            return value
        } catch let error as JSONError {
            throw error
        } catch let error as DecodingError {
            throw JSONError(error, found: self, as: type)
        } catch {
            throw JSONError(.mismatch, "\(error)", at: codingPath)
        }
    }

    private func refuseUnknownKeys() throws(JSONError) {
        // A type that never opened a keyed container (an enum of strings) is not an object.
        guard let asked else { return }
        if let stranger = node.keys.first(where: { !asked.names.contains($0) }) {
            throw JSONError(.unknownKey, "unknown", at: codingPath + [JSONKey(stranger)])
        }
        for nested in asked.nested { try nested.refuseUnknownKeys() }
    }

    func mismatch(_ expected: String) -> JSONError { node.mismatch(expected, at: codingPath) }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard node.pointee.type == JSON_OBJECT else { throw mismatch("an object") }
        return KeyedDecodingContainer(KeyedReading(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard node.pointee.type == JSON_ARRAY else { throw mismatch("an array") }
        return UnkeyedReading(decoder: self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { SingleReading(decoder: self) }

    /// A decoder for a node below this one.
    func below(_ node: JSONNode, _ key: any CodingKey) -> JSONDecoding {
        JSONDecoding(
            node: node, longStrings: longStrings, unknownKeys: unknownKeys, codingPath: codingPath + [key])
    }
}

/// The key of an object (a name) or of an array (an index).
struct JSONKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ name: String) {
        stringValue = name
        intValue = nil
    }

    init(stringValue: String) { self.init(stringValue) }

    init(intValue: Int) {
        stringValue = String(intValue)
        self.intValue = intValue
    }
}

private struct KeyedReading<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: JSONDecoding
    var codingPath: [any CodingKey] { decoder.codingPath }

    var allKeys: [Key] { decoder.node.keys.compactMap(Key.init(stringValue:)) }

    func contains(_ key: Key) -> Bool { find(key) != nil }

    private func find(_ key: Key) -> JSONNode? {
        decoder.asked?.names.insert(key.stringValue)
        return json_object_get(decoder.node, key.stringValue)
    }

    private func node(_ key: Key) throws -> JSONNode {
        guard let node = find(key) else { throw JSONError(.missing, "missing", at: path(key)) }
        return node
    }

    private func path(_ key: Key) -> [any CodingKey] { codingPath + [key] }
    private func below(_ key: Key) throws -> JSONDecoding { decoder.below(try node(key), key) }

    func decodeNil(forKey key: Key) throws -> Bool { try node(key).isNull }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try node(key).bool(at: path(key)) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try node(key).integer(type, at: path(key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try node(key).number(at: path(key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try node(key).text(decoder.longStrings, at: path(key))
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        guard let node = find(key), !node.isNull else { return nil }
        return try node.bool(at: path(key))
    }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        guard let node = find(key), !node.isNull else { return nil }
        return try node.integer(type, at: path(key))
    }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        guard let node = find(key), !node.isNull else { return nil }
        return try node.number(at: path(key))
    }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        guard let node = find(key), !node.isNull else { return nil }
        return try node.text(decoder.longStrings, at: path(key))
    }
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        guard let node = find(key), !node.isNull else { return nil }
        return try decoder.below(node, key).value(type)
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try below(key).value(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        let nested = try below(key)
        decoder.asked?.nested.append(nested)
        return try nested.container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try below(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try below(key) }
}

private struct UnkeyedReading: UnkeyedDecodingContainer {
    let decoder: JSONDecoding
    var currentIndex = 0
    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { json_array_size(decoder.node) }
    var isAtEnd: Bool { currentIndex >= json_array_size(decoder.node) }

    init(decoder: JSONDecoding) { self.decoder = decoder }

    private var path: [any CodingKey] { codingPath + [JSONKey(intValue: currentIndex)] }

    private func node() throws -> JSONNode {
        guard let node = json_array_get(decoder.node, currentIndex) else {
            throw JSONError(.missing, "missing", at: path)
        }
        return node
    }

    private func current() throws -> JSONDecoding { decoder.below(try node(), JSONKey(intValue: currentIndex)) }

    mutating func decodeNil() throws -> Bool {
        let isNull = try node().isNull
        if isNull { currentIndex += 1 }
        return isNull
    }

    mutating func decode(_ type: String.Type) throws -> String {
        let text = try node().text(decoder.longStrings, at: path)
        currentIndex += 1
        return text
    }

    mutating func decode(_ type: Int.Type) throws -> Int {
        let value = try node().integer(type, at: path)
        currentIndex += 1
        return value
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let value = try current().value(type)
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested>
    {
        defer { currentIndex += 1 }
        let nested = try current()
        decoder.asked?.nested.append(nested)
        return try nested.container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        defer { currentIndex += 1 }
        return try current().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder {
        defer { currentIndex += 1 }
        return try current()
    }
}

private struct SingleReading: SingleValueDecodingContainer {
    let decoder: JSONDecoding
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.node.isNull }

    func decode(_ type: Bool.Type) throws -> Bool { try decoder.node.bool(at: codingPath) }
    func decode(_ type: String.Type) throws -> String { try decoder.node.text(decoder.longStrings, at: codingPath) }
    func decode(_ type: Double.Type) throws -> Double { try decoder.node.number(at: codingPath) }
    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }

    private func integer<I: FixedWidthInteger>(_ type: I.Type) throws -> I {
        try decoder.node.integer(type, at: codingPath)
    }

    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

    func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.value(type) }
}

extension JSONError {
    /// What the standard library found wrong while it read a type; it says it in words for programmers.
    fileprivate init(_ error: DecodingError, found: JSONDecoding, as type: any Decodable.Type) {
        switch error {
        case .keyNotFound(let key, let context): self.init(.missing, "missing", at: context.codingPath + [key])
        case .valueNotFound(_, let context): self.init(.missing, "must not be null", at: context.codingPath)
        // An enum: of a word, or of an object with its case as the one key.
        case .typeMismatch, .dataCorrupted:
            let words = found.node.string(found.longStrings).map { [$0] } ?? found.node.keys
            let right = (type as? any CaseIterable.Type).map { "one of \(Self.words(of: $0))" } ?? "what is known here"
            let wrong = words.map { String($0.prefix(60)) }.joined(separator: ", ")
            self.init(.mismatch, "must be \(right), is \(wrong.isEmpty ? "nothing" : wrong)", at: found.codingPath)
        @unknown default: self.init(.mismatch, "must be something else", at: found.codingPath)
        }
    }

    private static func words<C: CaseIterable>(of type: C.Type) -> String {
        type.allCases.map { ($0 as? any RawRepresentable)?.rawValue as? String ?? "\($0)" }.joined(separator: ", ")
    }
}
