/// An interface as Varlink's interface definition language describes it (varlink.org/Interface-Definition).
public struct Interface: Equatable, Sendable {
    public var name: String
    /// The `#` lines above a definition, without the sign; an empty line between parts them from it.
    public var comment: [String]
    public var types: [TypeDefinition] = []
    public var methods: [Method] = []
    public var errors: [ErrorDefinition] = []

    public struct TypeDefinition: Equatable, Sendable {
        public var name: String
        public var comment: [String]
        /// A structure or an enumeration.
        public var value: ValueType
    }

    public struct Method: Equatable, Sendable {
        public var name: String
        public var comment: [String]
        public var parameters: [Field]
        public var reply: [Field]
    }

    public struct ErrorDefinition: Equatable, Sendable {
        public var name: String
        public var comment: [String]
        public var parameters: [Field]
    }

    public struct Field: Equatable, Sendable {
        public var name: String
        public var type: ValueType
    }

    public indirect enum ValueType: Equatable, Sendable {
        case bool, int, float, string, object
        case named(String)
        /// `?T`
        case nullable(ValueType)
        /// `[]T`
        case array(ValueType)
        /// `[string]T`
        case dictionary(ValueType)
        /// `(name: T, …)`
        case structure([Field])
        /// `(one, other, …)`
        case enumeration([String])
    }
}

/// What is wrong with the text of an interface, and in which line, from 1.
public struct InterfaceSyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
    public let line: Int
    public let reason: String

    public var description: String { "line \(line): \(reason)" }
}
