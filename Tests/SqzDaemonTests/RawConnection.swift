import Foundation
import TestSupport
import Varlink

/// A connection on which a test sends exactly the bytes that it means.
final class RawConnection {
    let descriptor: CInt
    private var pending: [UInt8] = []

    init(_ daemon: TestDaemon) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError(call: "socket") }
        guard withSocketAddress(daemon.socket, { connect(descriptor, $0, $1) }) == 0 else {
            throw SystemError(call: "connect")
        }
        // A daemon that does not answer is a failed test, not one that never ends.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Writes bytes; those after the other side has closed are lost.
    func write(_ bytes: some Sequence<UInt8>) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE || errno == ECONNRESET {
                return
            } else if errno != EINTR {
                throw SystemError(call: "send")
            }
        }
    }

    /// Sends a text as a message.
    func send(_ text: String) throws { try write(Array(text.utf8) + [0]) }

    /// Tells the other side that nothing more comes.
    func finishWriting() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// The next message; nil where the other side has closed.
    func receive() throws -> Example.Reply? {
        while true {
            if let end = pending.firstIndex(of: 0) {
                let message = Array(pending[..<end])
                pending.removeSubrange(...end)
                return try JSON.decode(Example.Reply.self, from: message, unknownKeys: .refuse)
            }
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            if count > 0 {
                pending += bytes.prefix(count)
            } else if count == 0 || errno == ECONNRESET {
                return nil
            } else if errno != EINTR {
                throw SystemError(call: "read")
            }
        }
    }
}
