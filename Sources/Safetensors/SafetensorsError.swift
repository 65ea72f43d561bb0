internal import Files

/// Why a safetensors file could not be read or written. The description is one line for a person: the file, what was
/// found there, and what would be right.
public enum SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file can't be opened or mapped; `errno` is the system's reason.
    case unreadable(path: String, errno: Int32)
    /// The file was read and is not a well-formed safetensors file.
    case malformed(path: String, problem: String)
    /// The file can't be created, written or put in its place; `errno` is the system's reason.
    case unwritable(path: String, errno: Int32)

    public var description: String {
        switch self {
        case .unreadable(let path, let errno): "\(path): can't be read: \(String(errno: errno))"
        case .malformed(let path, let problem): "\(path): not a valid safetensors file: \(problem)"
        case .unwritable(let path, let errno): "\(path): can't be written: \(String(errno: errno))"
        }
    }
}
