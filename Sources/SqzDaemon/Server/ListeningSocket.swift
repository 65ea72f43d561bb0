internal import Files
internal import Glibc
internal import Systemd

/// Where calls come in: the socket that systemd passed, or one of our own making.
struct ListeningSocket {
    let descriptor: CInt
    /// The file, if it is of our own making, and which one that is.
    private let file: (path: String, status: stat)?

    /// Removes the file, if it is still ours: who connects then is told that nobody is there, rather than waiting.
    func remove() {
        var status = stat()
        guard let file, lstat(file.path, &status) == 0, status.st_dev == file.status.st_dev,
            status.st_ino == file.status.st_ino
        else { return }
        unlink(file.path)
    }

    /// A bound socket of our own has the mode 0660, so that its group's members may connect. A file that a killed daemon
    /// left behind is replaced; nothing else is.
    init(path: String?) throws {
        if let passed = try ServiceManager.listener(named: "varlink") {
            descriptor = passed
            file = nil
            return
        }
        guard let path else {
            throw DaemonError.noPlace(what: "the socket", variable: "RUNTIME_DIRECTORY", option: "--socket")
        }
        try Self.makeRoom(at: path)
        // The mode of a socket's file can't be given to bind: the mask makes it right from the start.
        let mask = umask(0o117)
        defer { umask(mask) }
        do throws(FileError) {
            descriptor = try UnixSocket.make(for: path)
            try UnixSocket.bind(descriptor, to: path)
        } catch {
            throw DaemonError(error)
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw DaemonError.last("stat", path) }
        file = (path, status)
    }

    /// Removes a socket that nobody listens on; refuses whatever else is there.
    private static func makeRoom(at path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw DaemonError.last("stat", path) }
            return
        }
        let kinds = [S_IFREG: "a regular file", S_IFDIR: "a directory", S_IFLNK: "a symbolic link", S_IFIFO: "a FIFO"]
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFSOCK else {
            throw DaemonError.notReplaced(path: path, reason: "it is \(kinds[kind] ?? "a device")")
        }
        do {
            let socket = try UnixSocket.connected(to: path)
            defer { close(socket) }
            if try isServed(socket, path) { throw DaemonError.socketInUse(path: path) }
        } catch let error as FileError {
            guard error.code == ECONNREFUSED else {
                throw DaemonError.notReplaced(
                    path: path, reason: "whether anybody listens there can't be told (\(String(errno: error.code)))")
            }
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw DaemonError.last("unlink", path) }
    }

    /// Whether a daemon is at the other end. The socket of one that was killed takes connections for as long as a runner that
    /// it was just starting has not closed it.
    private static func isServed(_ socket: CInt, _ path: String) throws -> Bool {
        // The process that called listen. 0: of another namespace, and nothing can be told of it.
        let process = try Peer.credentials(of: socket, path).pid
        return process == 0 || kill(process, 0) == 0 || errno != ESRCH
    }
}
