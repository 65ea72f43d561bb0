internal import CJansson

/// An `Encoder` that builds jansson nodes. Each container owns its node from the start and hands it to its parent at once.
struct JSONEncoding: Encoder {
    /// Where the one value of this encoder goes; takes over the reference.
    let place: (JSONNode) -> Void
    let longStrings: WrittenStrings
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// A new reference to the node that says `value`, and what some of its strings stand for.
    static func node(of value: some Encodable) throws(JSONError) -> (JSONNode, LongStrings) {
        let longStrings = WrittenStrings(takesThem: true)
        let node = try node(of: value, longStrings)
        guard longStrings.metMark else { return (node, longStrings.taken) }
        json_decref(node)
        return (try Self.node(of: value, WrittenStrings(takesThem: false)), LongStrings())
    }

    private static func node(of value: some Encodable, _ longStrings: WrittenStrings) throws(JSONError) -> JSONNode {
        var result: JSONNode?
        do {
            try JSONEncoding(
                place: {
                    json_decref(result)
                    result = $0
                }, longStrings: longStrings, codingPath: []
            ).write(value)
        } catch {
            json_decref(result)
            throw error
        }
        guard let result else { throw JSONError(.syntax, "nothing was encoded") }
        return result
    }

    func write(_ value: some Encodable) throws(JSONError) {
        do {
            if let value = value as? JSONValue {
                place(try value.makeNode(longStrings, at: codingPath))
            } else {
                try value.encode(to: self)
            }
        } catch let error as JSONError {
            throw error
        } catch {
            throw JSONError(.mismatch, "\(error)", at: codingPath)
        }
    }

    /// JSON has no NaN and no infinity: jansson refuses to make such a node.
    static func real(_ value: Double, at path: [any CodingKey]) throws(JSONError) -> JSONNode {
        guard let node = json_real(value) else {
            throw JSONError(.mismatch, "\(value) cannot be written as JSON", at: path)
        }
        return node
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        let node = json_object()!
        place(node)
        return KeyedEncodingContainer(KeyedWriting(node: node, longStrings: longStrings, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        let node = json_array()!
        place(node)
        return UnkeyedWriting(node: node, longStrings: longStrings, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleWriting(encoder: self) }
}

private struct KeyedWriting<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: JSONNode
    let longStrings: WrittenStrings
    let codingPath: [any CodingKey]

    private func below(_ key: Key) -> JSONEncoding {
        longStrings.meet(key.stringValue)
        let node = node
        return JSONEncoding(
            place: { json_object_set_new_nocheck(node, key.stringValue, $0) }, longStrings: longStrings,
            codingPath: codingPath + [key])
    }

    private func place(_ value: JSONNode, _ key: Key) {
        longStrings.meet(key.stringValue)
        json_object_set_new_nocheck(node, key.stringValue, value)
    }

    func encodeNil(forKey key: Key) { place(json_null(), key) }
    func encode(_ value: Bool, forKey key: Key) { place(value ? json_true() : json_false(), key) }
    func encode(_ value: Int, forKey key: Key) { place(json_integer(Int64(value)), key) }
    func encode(_ value: String, forKey key: Key) { place(longStrings.node(value), key) }
    func encode(_ value: Double, forKey key: Key) throws {
        place(try JSONEncoding.real(value, at: codingPath + [key]), key)
    }
    func encode(_ value: some Encodable, forKey key: Key) throws { try below(key).write(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        below(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { below(key).unkeyedContainer() }
    func superEncoder() -> any Encoder {
        JSONEncoding(place: { json_decref($0) }, longStrings: longStrings, codingPath: codingPath)
    }
    func superEncoder(forKey key: Key) -> any Encoder { below(key) }
}

private struct UnkeyedWriting: UnkeyedEncodingContainer {
    let node: JSONNode
    let longStrings: WrittenStrings
    let codingPath: [any CodingKey]
    var count: Int { json_array_size(node) }

    private func next() -> JSONEncoding {
        let node = node
        return JSONEncoding(
            place: { json_array_append_new(node, $0) }, longStrings: longStrings,
            codingPath: codingPath + [JSONKey(intValue: count)])
    }

    func encodeNil() { json_array_append_new(node, json_null()) }
    func encode(_ value: String) { json_array_append_new(node, longStrings.node(value)) }
    func encode(_ value: Int) { json_array_append_new(node, json_integer(Int64(value))) }
    func encode(_ value: some Encodable) throws { try next().write(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        next().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { next().unkeyedContainer() }
    func superEncoder() -> any Encoder { next() }
}

private struct SingleWriting: SingleValueEncodingContainer {
    let encoder: JSONEncoding
    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil() { encoder.place(json_null()) }
    func encode(_ value: Bool) { encoder.place(value ? json_true() : json_false()) }
    func encode(_ value: String) { encoder.place(encoder.longStrings.node(value)) }
    func encode(_ value: Double) throws { encoder.place(try JSONEncoding.real(value, at: codingPath)) }
    func encode(_ value: Float) throws { try encode(Double(value)) }

    private func integer(_ value: some FixedWidthInteger) throws {
        guard let exact = Int64(exactly: value) else {
            throw JSONError(.mismatch, "\(value) does not fit 64 signed bits", at: codingPath)
        }
        encoder.place(json_integer(exact))
    }

    func encode(_ value: Int) throws { try integer(value) }
    func encode(_ value: Int8) throws { try integer(value) }
    func encode(_ value: Int16) throws { try integer(value) }
    func encode(_ value: Int32) throws { try integer(value) }
    func encode(_ value: Int64) throws { try integer(value) }
    func encode(_ value: UInt) throws { try integer(value) }
    func encode(_ value: UInt8) throws { try integer(value) }
    func encode(_ value: UInt16) throws { try integer(value) }
    func encode(_ value: UInt32) throws { try integer(value) }
    func encode(_ value: UInt64) throws { try integer(value) }

    func encode(_ value: some Encodable) throws { try encoder.write(value) }
}
