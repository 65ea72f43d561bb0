internal import SqzProtocol
internal import Varlink

/// The one place where what went wrong in a call becomes an error of the protocol.
enum ErrorMapping {
    /// The error to reply to a call of `method`.
    static func wire(_ error: any Error, method: String) throws(JSONError) -> VarlinkError {
        let interface = String(method[..<(method.lastIndex(of: ".") ?? method.startIndex)])
        switch error {
        case let error as SqzError: return try error.wire(interface: interface)
        case let error as RunnerCrash: return try error.error.wire(interface: interface)
        case let error as ServiceError: return try error.wire(interface: ServiceInterface.name)
        case let error as VarlinkError: return error
        case let error as JSONError where error.kind != .syntax:
            return try ServiceError.invalidParameter(parameter: error.path).wire(interface: ServiceInterface.name)
        default:
            // The daemon's own trouble, a full disk for instance: every interface has this error.
            return try SqzError.failed(reason: "\(error)").wire(interface: interface)
        }
    }
}
