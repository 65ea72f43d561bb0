/// A method of an interface: its full name and the types of what goes in and comes out. A parameter that the interface
/// calls nullable is an optional property.
public protocol VarlinkMethod: SendableMetatype {
    associatedtype Parameters: Codable & Sendable
    associatedtype Reply: Codable & Sendable
    /// `INTERFACE.METHOD`
    static var name: String { get }
}

/// An interface, as a type that its methods are in.
public protocol VarlinkInterface: SendableMetatype {
    static var name: String { get }
    /// The names of the errors that its methods reply with, besides those of `org.varlink.service`.
    static var errors: Set<String> { get }
    static var methods: [any VarlinkMethod.Type] { get }
}

/// The parameters of a method, or of a reply, that has none.
public struct NoParameters: Codable, Equatable, Sendable {
    public init() {}
}

/// What a caller wants to hear (UAPI.20 Varlink, "Call"); the three are exclusive.
public enum ReplyMode: Sendable {
    /// One reply.
    case one
    /// Any number of replies, all but the last with `continues`.
    case more
    /// None, not even an error.
    case oneway
    /// One reply, after which the connection speaks something else.
    case upgrade
}

/// A call as a service reads it. The parameters are decoded when the method is known.
public struct Call: Sendable {
    public let method: String
    public let mode: ReplyMode
    private let content: JSONReference?

    /// A call of more values, of any kind, is refused: it would take a service far more memory than it has bytes. Lists of
    /// calls are short, the longest a thousand pictures.
    public static let maximumValues = 20_000

    /// A message without its NUL. Throws where the service must close the connection.
    public init(parsing message: UnsafeRawBufferPointer) throws(MalformedMessage) {
        let root = try MalformedMessage.object(message, maximumValues: Self.maximumValues)
        guard let method = root["method"]?.string else { throw MalformedMessage("a call needs a method") }
        try MalformedMessage.refuseStrangers(of: root, known: ["method", "parameters", "more", "oneway", "upgrade"])
        var modes: [ReplyMode] = []
        for (name, mode) in [("more", ReplyMode.more), ("oneway", .oneway), ("upgrade", .upgrade)] {
            guard let flag = root[name] else { continue }
            guard let isSet = flag.bool else { throw MalformedMessage("\(name) must be a boolean") }
            if isSet { modes.append(mode) }
        }
        guard modes.count <= 1 else { throw MalformedMessage("more, oneway and upgrade exclude each other") }
        self.method = method
        mode = modes.first ?? .one
        content = try MalformedMessage.content(of: root)
    }

    /// The parameters, strictly: what is unknown is refused.
    public func parameters<P: Decodable>(_ type: P.Type) throws(JSONError) -> P {
        if let content { return try content.decode(type, unknownKeys: .refuse) }
        return try JSON.decode(type, from: Array("{}".utf8))
    }

    /// The bytes of a call, with the NUL that ends it.
    public static func message<M: VarlinkMethod>(
        _ method: M.Type, _ parameters: M.Parameters, mode: ReplyMode = .one
    ) throws(JSONError) -> [UInt8] {
        try Message.bytes(
            CallHeader(
                method: M.name, more: mode == .more ? true : nil, oneway: mode == .oneway ? true : nil,
                upgrade: mode == .upgrade ? true : nil), parameters)
    }
}

private struct CallHeader: Encodable {
    let method: String
    let more: Bool?
    let oneway: Bool?
    let upgrade: Bool?
}

/// A message that has no well-defined answer: the connection must be closed.
public struct MalformedMessage: Error, CustomStringConvertible {
    public let description: String

    init(_ reason: String) { description = reason }

    static func object(
        _ message: UnsafeRawBufferPointer, maximumValues: Int = .max
    ) throws(MalformedMessage) -> JSONReference {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: message, maximumValues: maximumValues)
        } catch {
            throw MalformedMessage("not JSON: \(error)")
        }
        guard document.root.isObject else { throw MalformedMessage("a message must be an object") }
        return document.root
    }

    /// A member that is neither the protocol's nor a vendor's (those have a dot in their names).
    static func refuseStrangers(of root: JSONReference, known: Set<String>) throws(MalformedMessage) {
        if let stranger = root.keys.first(where: { !known.contains($0) && !$0.contains(".") }) {
            throw MalformedMessage("unknown member \(stranger)")
        }
    }

    /// The `parameters`, nil where they are absent or null.
    static func content(of root: JSONReference) throws(MalformedMessage) -> JSONReference? {
        guard let content = root["parameters"], !content.isNull else { return nil }
        guard content.isObject else { throw MalformedMessage("parameters must be an object") }
        return content
    }
}
