internal import Glibc

/// The user's files.
enum Reading {
    /// Opens a file, which the caller closes. What is none is refused, for it could be read for ever or never: nobody may write
    /// into a FIFO, and a device may have no end.
    ///
    /// - Parameters:
    ///   - pipes: whether a pipe without a name serves, too, as `<(…)` is one: who writes into it was started with it.
    ///   - right: what to say that would be right.
    static func open(_ path: String, pipes: Bool, right: String) throws(InputError) -> CInt {
        // A look before it is opened, which does things to a device.
        var status = stat()
        guard stat(path, &status) == 0 else { throw InputError(path) }
        try check(status, path, pipes, right)
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw InputError(path) }
        do throws(InputError) {
            guard fstat(descriptor, &status) == 0 else { throw InputError(path) }
            try check(status, path, pipes, right)
            guard fcntl(descriptor, F_SETFL, O_RDONLY) == 0 else { throw InputError(path) }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func check(_ status: stat, _ path: String, _ pipes: Bool, _ right: String) throws(InputError) {
        let kind = FileKind(status)
        if kind == .regular || kind == .fifo && pipes && !hasName(path) { return }
        throw InputError(path, is: kind.description, right: right)
    }

    /// Whether there is a way to it that does not go through a descriptor.
    private static func hasName(_ path: String) -> Bool {
        guard let resolved = realpath(path, nil) else { return false }
        free(resolved)
        return true
    }

    /// The bytes of an open file, `limit` at most. A pipe, as <(…) is one, gives a part at a time.
    static func bytes(of descriptor: CInt, _ path: String, limit: Int) throws(InputError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            var count = 0
            let part = [UInt8](unsafeUninitializedCapacity: min(limit - bytes.count, partBytes)) { buffer, used in
                count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                used = max(0, count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw InputError(path) }
            if count == 0 { break }
            bytes += part
        }
        return bytes
    }

    /// What is read at once.
    private static let partBytes = 256 << 10
}

/// What there is at a path (inode(7)).
enum FileKind: String, CustomStringConvertible {
    case regular = "a regular file"
    case directory = "a directory"
    case fifo = "a FIFO"
    case socket = "a socket"
    case characterDevice = "a character device"
    case blockDevice = "a block device"

    init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFDIR: self = .directory
        case S_IFIFO: self = .fifo
        case S_IFSOCK: self = .socket
        case S_IFBLK: self = .blockDevice
        default: self = .characterDevice
        }
    }

    var description: String { rawValue }
}
