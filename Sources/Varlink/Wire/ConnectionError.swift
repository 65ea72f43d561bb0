internal import Files

/// Why a blocking connection can't go on.
public enum ConnectionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing answers at this path.
    case unreachable(path: String, errno: CInt)
    /// The other side closed, or broke, the connection while something was expected of it.
    case closed
    /// The other side sent what is no Varlink message.
    case malformed(String)
    /// The other side sent a message over the limit.
    case tooLong(limit: Int)
    /// The deadline passed.
    case timedOut
    case system(call: String, errno: CInt)

    public var description: String {
        switch self {
        case .unreachable(let path, let code): "cannot reach \(path): \(String(errno: code))"
        case .closed: "the other side closed the connection"
        case .malformed(let reason): "the other side sent a malformed message: \(reason)"
        case .tooLong(let limit): "the other side sent a message of more than \(limit) bytes"
        case .timedOut: "timed out"
        case .system(let call, let code): "\(call): \(String(errno: code))"
        }
    }
}
