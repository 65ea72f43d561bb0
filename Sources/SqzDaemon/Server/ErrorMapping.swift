internal import SqzProtocol
internal import Varlink

/// The one place where what went wrong in a call becomes an error of the protocol.
enum ErrorMapping {
    /// The error to reply to a call of `method`: one that its interface declares, or one of `org.varlink.service`.
    static func wire(_ error: any Error, method: String) throws(JSONError) -> VarlinkError {
        switch error {
        case let error as SqzError: return try error.wire(of: interface(method))
        case let error as RunnerCrash: return try error.error.wire(of: interface(method))
        case let error as ServiceError: return try error.wire(interface: ServiceInterface.name)
        case let error as JSONError where error.kind != .syntax:
            return try ServiceError.invalidParameter(parameter: error.path).wire(interface: ServiceInterface.name)
        default:
            // The daemon's own trouble, a full disk for instance: every interface has this error.
            return try SqzError.failed(reason: "\(error)").wire(of: interface(method))
        }
    }

    /// That of the method, or the daemon's own where none of ours was called.
    private static func interface(_ method: String) -> any VarlinkInterface.Type {
        switch SqzMethod(method) {
        case nil, .service: ManagerInterface.self
        case let method?: method.interface
        }
    }
}
