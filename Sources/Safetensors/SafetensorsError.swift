internal import Files
internal import Glibc

/// Why a safetensors file could not be read or written. The description is one line for a person: the file, what was
/// found there, and what would be right.
public enum SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file can't be opened or mapped; `errno` is the system's reason.
    case unreadable(path: String, errno: Int32)
    /// The file was read and is not a well-formed safetensors file.
    case malformed(path: String, problem: String)
    /// The file can't be created, written or put in its place; `errno` is the system's reason.
    case unwritable(path: String, errno: Int32)

    /// What is wrong, for whoever knows the file by another name.
    public var problem: String {
        switch self {
        case .unreadable(_, let errno): "can't be read: \(String(errno: errno))"
        case .malformed(_, let problem): "not a valid safetensors file: \(problem)"
        case .unwritable(_, let errno): "can't be written: \(String(errno: errno))"
        }
    }

    /// Whether there was no room for the file.
    public var isOfFullDisk: Bool {
        if case .unwritable(_, let errno) = self { errno == ENOSPC || errno == EDQUOT } else { false }
    }

    public var path: String {
        switch self {
        case .unreadable(let path, _), .malformed(let path, _), .unwritable(let path, _): path
        }
    }

    public var description: String { "\(path): \(problem)" }
}
