internal import Glibc

/// A system call that failed on a file.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    public let call: String
    public let path: String
    public let code: CInt

    /// The last system call's error.
    static func last(_ call: String, _ path: String) -> FileError { FileError(call: call, path: path, code: errno) }

    public var description: String { "\(path): \(call): \(String(errno: code))" }
}

extension String {
    /// What an `errno` says (strerror(3)).
    public init(errno code: CInt) { self.init(cString: strerror(code)) }
}
