internal import Files
internal import Glibc

/// Why the daemon can't start. What goes wrong in a call or a job is a `SqzError`.
public enum DaemonError: Error, CustomStringConvertible {
    case noPlace(what: String, variable: String, option: String)
    case locked(directory: String)
    case system(call: String, path: String, errno: CInt)
    case configuration(reason: String)
    case socketInUse(path: String)
    case notReplaced(path: String, reason: String)
    case noRecords(path: String, beside: [String])
    case damaged(what: String, path: String, reason: String)
    case noRoom(directory: String)

    /// Whether there was no room for a file.
    var isOfFullDisk: Bool {
        if case .system(_, _, let code) = self { code == ENOSPC || code == EDQUOT } else { false }
    }

    public var description: String {
        switch self {
        case .noPlace(let what, let variable, let option): "no place for \(what): set \(option) or $\(variable)"
        case .locked(let directory): "another sqzd uses \(directory)"
        case .system(let call, let path, let code): "\(path): \(call): \(String(errno: code))"
        case .configuration(let reason): "the configuration can't be used: \(reason)"
        case .socketInUse(let path): "another daemon listens on \(path)"
        case .notReplaced(let path, let reason):
            "\(path) can't be the socket: \(reason); it was left as it is, choose another path"
        case .noRecords(let path, let others):
            """
            \(path) is missing, but \(others.joined(separator: " and ")) beside it \(others.count == 1 ? "is" : "are") not empty, and \
            nothing was touched: \(Self.remedy(others)), or move the whole directory away to begin with nothing
            """
        case .noRoom(let directory):
            "the disk of \(directory) is full: nothing was lost; make some MB of room there, and start it again"
        case .damaged(let what, let path, let reason): "\(what) is damaged: \(path): \(reason)"
        }
    }

    private static func remedy(_ others: [String]) -> String {
        others == ["restoring"]
            ? "run sqzctl restore again, which was interrupted"
            : "put the records back, restore a backup elsewhere (sqzctl restore)"
    }

    init(_ error: FileError) { self = .system(call: error.call, path: error.path, errno: error.code) }

    /// The last system call's error.
    static func last(_ call: String, _ path: String) -> DaemonError { .system(call: call, path: path, errno: errno) }
}
