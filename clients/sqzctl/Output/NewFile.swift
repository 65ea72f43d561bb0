internal import Glibc

/// A file that is there whole or not at all: written under another name, and removed if it is not committed.
final class NewFile {
    private let path: String
    private let temporary: String
    private let descriptor: CInt
    private var isCommitted = false

    /// Refuses to replace a file.
    init(path: String) throws {
        self.path = path
        temporary = "\(path).\(getpid()).part"
        guard access(path, F_OK) != 0 else { throw InputError(path, bad: "exists already") }
        descriptor = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw InputError(path) }
    }

    deinit {
        close(descriptor)
        if !isCommitted { unlink(temporary) }
    }

    func write(_ bytes: [UInt8]) throws {
        if let code = Output.write(bytes, to: descriptor) { throw InputError(path, code) }
    }

    func commit() throws {
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw InputError(path, errno) }
        isCommitted = true
    }
}
