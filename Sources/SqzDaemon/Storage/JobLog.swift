internal import Glibc
internal import SqzProtocol
internal import Synchronization

/// What a job's runner writes on standard error, in the job's directory: `log`, and `log.old` before it, each of at most half
/// of the limit.
final class JobLog: Sendable {
    private let directory: String
    private let file: Mutex<(descriptor: CInt, size: Int)>

    /// Opens the log to go on with it.
    init(directory: String) throws {
        self.directory = directory
        let (descriptor, size) = try Self.open(directory)
        file = Mutex((descriptor, size))
    }

    deinit { _ = file.withLock { close($0.descriptor) } }

    /// Adds a line. A disk that is full costs the line, not the job.
    func append(_ line: String) throws {
        try file.withLock { file in
            if file.size >= Limits.logBytes / 2 {
                guard rename(directory + "/log", directory + "/log.old") == 0 else {
                    throw DaemonError.last("rename", directory)
                }
                close(file.descriptor)
                file = try Self.open(directory)
            }
            let bytes = Array((line + "\n").utf8)
            let count = write(file.descriptor, bytes, bytes.count)
            guard count == bytes.count else { throw DaemonError.last("write", directory + "/log") }
            file.size += count
        }
    }

    /// All lines that are kept, oldest first; none where nothing was written.
    static func lines(in directory: String) throws -> [String] {
        let bytes = try ["log.old", "log"].reduce(into: [UInt8]()) { $0 += try contents(of: "\(directory)/\($1)") }
        return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
            // A message can't hold a NUL, which earlier versions kept.
            .map { String(decoding: $0, as: UTF8.self).replacing("\0", with: "\u{FFFD}") }
    }

    /// The directory is the runner's too: no link is followed, and no pipe waited for.
    private static let asItIs = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC

    private static func open(_ directory: String) throws -> (CInt, Int) {
        let path = directory + "/log"
        let descriptor = Glibc.open(path, O_CREAT | O_WRONLY | O_APPEND | asItIs, 0o600)
        guard descriptor >= 0 else { throw DaemonError.last("open", path) }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0 else {
            defer { close(descriptor) }
            throw DaemonError.last("lseek", path)
        }
        return (descriptor, Int(size))
    }

    private static func contents(of path: String) throws -> [UInt8] {
        let descriptor = Glibc.open(path, O_RDONLY | asItIs)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw DaemonError.last("open", path)
        }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size >= 0 else { throw DaemonError.last("lseek", path) }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = pread(descriptor, &bytes, size, 0)
        guard count >= 0 else { throw DaemonError.last("read", path) }
        return Array(bytes.prefix(count))
    }
}
