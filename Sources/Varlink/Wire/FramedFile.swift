internal import Glibc

/// Messages over file descriptors, blocking: each is followed by one NUL byte. Reading and writing may be done by different
/// threads, each by one at a time.
public final class FramedFile: Sendable {
    /// A longer message is refused.
    public static let maximumMessage = 16 << 20

    let input: CInt
    let output: CInt
    private let outputIsSocket: Bool
    private let pending = Pending()

    // Sendable: only the one reading thread touches it.
    private final class Pending: @unchecked Sendable {
        var bytes: [UInt8] = []
        /// How far `bytes` holds no NUL.
        var searched = 0

        /// Where the next NUL is.
        var end: Int? {
            bytes.withUnsafeBytes { bytes in
                guard searched < bytes.count, let base = bytes.baseAddress else { return nil }
                return memchr(base + searched, 0, bytes.count - searched).map { base.distance(to: $0) }
            }
        }
    }

    public init(input: CInt, output: CInt) {
        self.input = input
        self.output = output
        var status = stat()
        outputIsSocket = fstat(output, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    /// Writes a message that ends with its NUL, or bytes as they are.
    public func write(_ bytes: [UInt8]) throws(ConnectionError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                let rest = UnsafeRawBufferPointer(rebasing: all[written...])
                // A socket can answer EPIPE without the signal; who writes to pipes ignores SIGPIPE.
                return outputIsSocket
                    ? send(output, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL))
                    : Glibc.write(output, rest.baseAddress, rest.count)
            }
            if count >= 0 {
                written += count
            } else if errno == EPIPE || errno == ECONNRESET {
                throw .closed
            } else if errno != EINTR {
                throw .system(call: "write", errno: errno)
            }
        }
    }

    /// The next message without its NUL; nil where the other side ended between two messages.
    /// - Parameter onArrival: is called before what has come of it is looked at, each time.
    public func read(
        until deadline: ContinuousClock.Instant? = nil, onArrival: () -> Void = {}
    ) throws(ConnectionError) -> [UInt8]? {
        while true {
            if let end = pending.end {
                defer { pending.searched = 0 }
                // Else a large one's memory would be kept for the next.
                if end + 1 == pending.bytes.count, end > Self.kept {
                    defer { pending.bytes = [] }
                    pending.bytes.removeLast()
                    return pending.bytes
                }
                let message = Array(pending.bytes[..<end])
                pending.bytes.removeSubrange(...end)
                return message
            }
            pending.searched = pending.bytes.count
            guard pending.bytes.count <= Self.maximumMessage else { throw .tooLong(limit: Self.maximumMessage) }
            if let deadline { try wait(until: deadline) }
            let held = pending.bytes.count
            pending.bytes.append(contentsOf: repeatElement(0, count: Self.chunk))
            let count = pending.bytes.withUnsafeMutableBytes { Glibc.read(input, $0.baseAddress! + held, Self.chunk) }
            let code = errno
            if count > 0 { onArrival() }
            pending.bytes.removeLast(Self.chunk - max(0, count))
            if count == 0 || (count < 0 && code == ECONNRESET) {
                guard pending.bytes.isEmpty else { throw .closed }
                return nil
            } else if count < 0, code != EINTR {
                throw .system(call: "read", errno: code)
            }
        }
    }

    /// Whether `read` gives a message, or the end, without waiting for the other side.
    var isReady: Bool { pending.end != nil }

    /// Bytes that stay allocated between messages.
    private static let kept = 1 << 20
    /// Bytes that are read at once.
    private static let chunk = 1 << 16

    private func wait(until deadline: ContinuousClock.Instant) throws(ConnectionError) {
        while true {
            let left = deadline - .now
            guard left > .zero else { throw .timedOut }
            var watched = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
            // Rounded up, so that a last fraction of a millisecond does not spin; at most a day at once.
            let ready = poll(&watched, 1, CInt(min(left / .milliseconds(1) + 1, 86_400_000)))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw .system(call: "poll", errno: errno) }
        }
    }
}
