internal import Glibc
internal import Varlink

/// A connection with one call outstanding. Of the reply's bytes only its end is looked for, and of its beginning whether it is an
/// error.
struct LoadConnection {
    let descriptor: CInt
    /// How much of its call was written.
    private var written = 0
    /// When its call was begun, by the monotonic clock.
    private(set) var begun: UInt64 = 0
    /// The beginning of the reply.
    private var head: [UInt8] = []
    /// Whether the last reply was an error, after which some services close.
    private(set) var wasRefused = false

    /// An error has its name first, and no more than this with all it says, but for lists.
    private static let headBytes = 4_096

    init(to path: String) throws(ConnectionError) {
        descriptor = try Client.connect(path)
        guard fcntl(descriptor, F_SETFL, O_RDWR | O_NONBLOCK) == 0 else {
            let code = errno
            close(descriptor)
            throw .system(call: "fcntl", errno: code)
        }
    }

    mutating func begin(at time: UInt64) {
        (begun, written) = (time, 0)
        head.removeAll(keepingCapacity: true)
    }

    /// Writes what is left of its call; tells whether that is all of it.
    mutating func write(_ call: [UInt8]) throws(ConnectionError) -> Bool {
        while written < call.count {
            let count = call.withUnsafeBytes {
                send(descriptor, $0.baseAddress! + written, call.count - written, CInt(MSG_NOSIGNAL))
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                return false
            } else if errno == EPIPE || errno == ECONNRESET {
                // Why it takes no more can be read.
                return true
            } else if errno != EINTR {
                throw .system(call: "send", errno: errno)
            }
        }
        return true
    }

    enum Received {
        case nothing
        case answer
        /// A reply that is an error, without its NUL; whole, or its beginning.
        case error([UInt8])
        case end
    }

    /// Reads what has come, into `buffer` if it is not kept.
    mutating func read(_ buffer: UnsafeMutableRawBufferPointer) throws(ConnectionError) -> Received {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return .nothing }
            if count == 0 || count < 0 && errno == ECONNRESET { return .end }
            guard count > 0 else { throw .system(call: "recv", errno: errno) }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            // One call, one reply: the NUL is the last byte.
            let isWhole = bytes[count - 1] == 0
            head += bytes.prefix(min(count - (isWhole ? 1 : 0), Self.headBytes - head.count))
            guard isWhole else { continue }
            wasRefused = Self.isError(head)
            return wasRefused ? .error(head) : .answer
        }
    }

    /// A text that holds these bytes has backslashes between them.
    private static func isError(_ reply: [UInt8]) -> Bool {
        // As a string of C's, which has strstr(3); memmem(3) is not in Swift's view of the C library.
        (reply + [0]).withUnsafeBytes {
            strstr($0.baseAddress!.assumingMemoryBound(to: CChar.self), #""error":"#) != nil
        }
    }
}
