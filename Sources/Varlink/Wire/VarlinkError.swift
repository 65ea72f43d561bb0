/// An error as it goes over the wire: a full name and what belongs to it.
public struct VarlinkError: Error, Equatable, Sendable, CustomStringConvertible {
    public var name: String
    public var parameters: [String: JSONValue]

    public init(name: String, parameters: [String: JSONValue] = [:]) {
        self.name = name
        self.parameters = parameters
    }

    public var description: String {
        parameters.isEmpty ? name : "\(name) \(parameters)"
    }
}

/// An enumeration whose cases are the errors of an interface: `case noSuchJob(id: Int)` is the error `NoSuchJob(id: int)`.
/// The synthesized coding of such a case, `{"noSuchJob": {"id": 7}}`, is all that the two conversions need.
public protocol VarlinkErrors: Error, Codable, Sendable {}

extension VarlinkErrors {
    /// This error under the name of `interface`.
    public func wire(interface: String) throws(JSONError) -> VarlinkError {
        let coded = try JSON.decode([String: [String: JSONValue]].self, from: try JSON.encode(self))
        let (label, parameters) = coded.first!
        return VarlinkError(
            name: "\(interface).\(label.prefix(1).uppercased())\(label.dropFirst())", parameters: parameters)
    }

    /// The case of this enumeration that `error` is, whatever its interface; nil if there is none or it has other parameters.
    public init?(_ error: VarlinkError) {
        guard let name = error.name.split(separator: ".").last else { return nil }
        let label = name.prefix(1).lowercased() + name.dropFirst()
        do throws(JSONError) {
            self = try JSON.decode(Self.self, from: try JSON.encode([label: error.parameters]))
        } catch {
            return nil
        }
    }
}

/// The errors that any method of any interface may reply, of `org.varlink.service`.
public enum ServiceError: VarlinkErrors, Equatable {
    case interfaceNotFound(interface: String)
    case methodNotFound(method: String)
    case methodNotImplemented(method: String)
    case invalidParameter(parameter: String)
    case permissionDenied
    case expectedMore
}
