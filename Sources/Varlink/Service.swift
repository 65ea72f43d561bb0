/// The methods of `org.varlink.service`, which every service has.
public enum ServiceInterface: VarlinkInterface {
    public static let name = "org.varlink.service"
    public static let errors: Set<String> = [
        "InterfaceNotFound", "MethodNotFound", "MethodNotImplemented", "InvalidParameter", "PermissionDenied",
        "ExpectedMore",
    ]
    public static let methods: [any VarlinkMethod.Type] = [GetInfo.self, GetInterfaceDescription.self]

    public enum Method: String, CaseIterable, Sendable {
        case getInfo = "org.varlink.service.GetInfo"
        case getInterfaceDescription = "org.varlink.service.GetInterfaceDescription"
    }

    public enum GetInfo: VarlinkMethod {
        public static let name = "org.varlink.service.GetInfo"
        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var vendor: String
            public var product: String
            public var version: String
            public var url: String
            public var interfaces: [String]

            public init(vendor: String, product: String, version: String, url: String, interfaces: [String]) {
                self.vendor = vendor
                self.product = product
                self.version = version
                self.url = url
                self.interfaces = interfaces
            }
        }
    }

    public enum GetInterfaceDescription: VarlinkMethod {
        public static let name = "org.varlink.service.GetInterfaceDescription"

        public struct Parameters: Codable, Equatable, Sendable {
            public var interface: String

            public init(interface: String) { self.interface = interface }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var description: String

            public init(description: String) { self.description = description }
        }
    }

    /// The interface's definition, as the specification (UAPI.20, "The org.varlink.service Interface") has it.
    public static let description = """
        # Describes the service and the interfaces it implements.
        interface org.varlink.service

        # Who implements the service, and a list of its interfaces.
        method GetInfo() -> (
          vendor: string,
          product: string,
          version: string,
          url: string,
          interfaces: []string
        )

        # The definition of an interface that this service implements.
        method GetInterfaceDescription(interface: string) -> (description: string)

        # The requested interface was not found.
        error InterfaceNotFound (interface: string)

        # The requested method was not found.
        error MethodNotFound (method: string)

        # The interface defines the method, but the service does not implement it.
        error MethodNotImplemented (method: string)

        # One of the passed parameters is invalid.
        error InvalidParameter (parameter: string)

        # The caller may not do this.
        error PermissionDenied ()

        # The method must be called with `more`.
        error ExpectedMore ()

        """
}
