/// A reply as a client reads it.
public struct Reply: Sendable {
    /// More replies to the same call follow.
    public let continues: Bool
    /// The full name of the error, if it is one.
    public let error: String?
    private let content: JSONReference?

    /// A message without its NUL.
    public init(parsing message: UnsafeRawBufferPointer) throws(MalformedMessage) {
        let root = try MalformedMessage.object(message)
        try MalformedMessage.refuseStrangers(of: root, known: ["parameters", "continues", "error"])
        if let flag = root["continues"] {
            guard let isSet = flag.bool else { throw MalformedMessage("continues must be a boolean") }
            continues = isSet
        } else {
            continues = false
        }
        if let name = root["error"] {
            guard let name = name.string else { throw MalformedMessage("error must be a string") }
            error = name
        } else {
            error = nil
        }
        content = try MalformedMessage.content(of: root)
    }

    /// The parameters; what a newer service says beyond them is ignored. Throws the `VarlinkError` if the reply is one.
    public func parameters<P: Decodable>(_ type: P.Type) throws -> P {
        if let error { throw VarlinkError(name: error, parameters: try decode([String: JSONValue].self)) }
        return try decode(type)
    }

    private func decode<P: Decodable>(_ type: P.Type) throws(JSONError) -> P {
        if let content { return try content.decode(type, unknownKeys: .ignore) }
        return try JSON.decode(type, from: Array("{}".utf8))
    }

    /// The bytes of a reply, with the NUL that ends it.
    public static func message<P: Encodable>(_ parameters: P, continues: Bool = false) throws(JSONError) -> [UInt8] {
        try Message.bytes(ReplyHeader(continues: continues ? true : nil, error: nil), parameters)
    }

    /// The bytes of a reply whose parameters, an object that is not empty, are written already.
    public static func message(text parameters: some Collection<UInt8>, continues: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parameters.count + 64)
        bytes += (continues ? #"{"continues":true,"parameters":"# : #"{"parameters":"#).utf8
        bytes += parameters
        bytes += [UInt8(ascii: "}"), 0]
        return bytes
    }

    /// The bytes of an error reply, with the NUL that ends it.
    public static func message(_ error: VarlinkError) throws(JSONError) -> [UInt8] {
        try Message.bytes(ReplyHeader(continues: nil, error: error.name), error.parameters)
    }
}

private struct ReplyHeader: Encodable {
    let continues: Bool?
    let error: String?
}
