internal import Glibc

/// Sockets that are files (unix(7)).
public enum UnixSocket {
    /// One that belongs to nobody yet.
    public static func make(for path: String) throws(FileError) -> CInt {
        let socket = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw .last("socket", path) }
        return socket
    }

    /// One that is connected to who listens at `path`.
    public static func connected(to path: String) throws(FileError) -> CInt {
        let socket = try make(for: path)
        do throws(FileError) {
            try call("connect", path) { connect(socket, $0, $1) }
            return socket
        } catch {
            close(socket)
            throw error
        }
    }

    /// Makes the file of a socket.
    public static func bind(_ socket: CInt, to path: String) throws(FileError) {
        try call("bind", path) { Glibc.bind(socket, $0, $1) }
    }

    /// A system call that takes an address.
    private static func call(
        _ name: String, _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws(FileError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw FileError(call: name, path: path, code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard result == 0 else { throw .last(name, path) }
    }
}
