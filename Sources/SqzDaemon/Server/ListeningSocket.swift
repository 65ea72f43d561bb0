internal import Glibc
internal import Systemd

/// Where calls come in: the socket that systemd passed, or one of our own making.
struct ListeningSocket {
    let descriptor: CInt
    /// The file, if it is of our own making.
    private let path: String?

    /// Removes the file: who connects then is told that nobody is there, rather than waiting.
    func remove() {
        if let path { unlink(path) }
    }

    /// A bound socket of our own has the mode 0660, so that its group's members may connect. A file that a killed daemon
    /// left behind is replaced, one that answers is not.
    init(path: String?) throws {
        if let passed = try ServiceManager.listener(named: "varlink") {
            descriptor = passed
            self.path = nil
            return
        }
        guard let path else {
            throw DaemonError.noPlace(what: "the socket", variable: "RUNTIME_DIRECTORY", option: "--socket")
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw DaemonError.system(call: "bind", path: path, errno: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        if try Self.answers(address, path) { throw DaemonError.socketInUse(path: path) }
        guard unlink(path) == 0 || errno == ENOENT else { throw DaemonError.last("unlink", path) }

        descriptor = try Self.makeSocket(path)
        self.path = path
        // The mode of a socket's file can't be given to bind: the mask makes it right from the start.
        let mask = umask(0o117)
        defer { umask(mask) }
        let descriptor = descriptor
        guard Self.withSocketAddress(address, { bind(descriptor, $0, $1) }) == 0 else {
            throw DaemonError.last("bind", path)
        }
    }

    /// Whether a daemon listens. The socket of one that was killed takes connections for as long as a runner that it was
    /// just starting has not closed it.
    private static func answers(_ address: sockaddr_un, _ path: String) throws -> Bool {
        let socket = try makeSocket(path)
        defer { close(socket) }
        guard withSocketAddress(address, { connect(socket, $0, $1) }) == 0 else { return false }
        // The process that called listen. 0: of another namespace, and nothing can be told of it.
        let process = try Peer.credentials(of: socket, path).pid
        return process == 0 || kill(process, 0) == 0 || errno != ESRCH
    }

    private static func makeSocket(_ path: String) throws -> CInt {
        let socket = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw DaemonError.last("socket", path) }
        return socket
    }

    private static func withSocketAddress(
        _ address: sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
