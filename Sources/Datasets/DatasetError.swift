import Glibc

/// Why a data set, or a file that should become one, was refused. The description is one line for a person: the file,
/// where in it, what was found, and what would be right.
public struct DatasetError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// A file can't be opened or read.
        case unreadable
        /// The bytes are not what they should be.
        case malformed
        /// A member of an archive is damaged, and the archive is not.
        case damaged
        /// A limit of `DatasetLimits` was met.
        case overLimit
        /// The output can't be written.
        case unwritable
    }

    public let code: Code
    /// The file by its user's name, with the member's name where it is an archive; nil where no one file is at fault.
    public let file: String?
    public let problem: String

    public init(_ code: Code, _ file: String?, _ problem: String) {
        self.code = code
        self.file = file
        self.problem = problem
    }

    /// The system's reason why `file` can't be read.
    static func unreadable(_ file: String, errno: Int32) -> DatasetError {
        DatasetError(.unreadable, file, "can't be read: \(String(cString: strerror(errno)))")
    }

    /// So many of something.
    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    public var description: String {
        file.map { "\($0): \(problem)" } ?? problem
    }
}
