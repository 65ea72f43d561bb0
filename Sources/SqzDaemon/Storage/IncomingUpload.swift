internal import CProcess
internal import Crypto
internal import Files
internal import Glibc
internal import SqzProtocol
internal import Synchronization

/// An upload whose bytes come one after the other: its checksum grows with it, so that nothing is read again at the end. Between
/// two pieces no file is open. For whoever has the upload alone. All calls block on the disk.
final class IncomingUpload: Sendable {
    private struct State {
        var hash: SHA256
        var held: Int
        /// How far the kernel was asked to begin with writing.
        var begun: Int
    }

    private let path: String
    private let sha256: String
    private let size: Int
    private let state: Mutex<State>

    /// Reads what is there.
    init(path: String, sha256: String, size: Int) throws {
        (self.path, self.sha256, self.size) = (path, sha256, size)
        let descriptor = try Self.open(path, sha256, O_RDONLY)
        defer { close(descriptor) }
        let (hash, held) = try Blobs.read(descriptor, path)
        state = Mutex(State(hash: hash, held: held, begun: held))
    }

    /// Gone it is where another size was stated since, or it was a day old.
    private static func open(_ path: String, _ sha256: String, _ mode: CInt) throws -> CInt {
        let descriptor = Glibc.open(path, mode | O_CLOEXEC)
        guard descriptor < 0 else { return descriptor }
        throw errno == ENOENT ? SqzError.noSuchUpload(sha256: sha256) : DaemonError.last("open", path)
    }

    /// Hands the file over, which must be as it was left.
    private func withFile(_ mode: CInt, _ state: State, _ body: (CInt) throws -> Void) throws {
        let descriptor = try Self.open(path, sha256, mode)
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DaemonError.last("fstat", path) }
        guard status.st_size == state.held else {
            throw SqzError.wrongOffset(sha256: sha256, offset: Int(status.st_size))
        }
        try body(descriptor)
    }

    /// Bytes that are there.
    var held: Int { state.withLock { $0.held } }

    /// Adds what comes next.
    func append(_ bytes: UnsafeRawBufferPointer) throws {
        try state.withLock { state in
            let end = state.held + bytes.count
            guard end <= size else { throw SqzError.tooLarge(what: "bytes in this upload", limit: size) }
            try withFile(O_WRONLY, state) { descriptor in
                do {
                    try WholeFile.write(bytes, at: state.held, to: descriptor, path)
                } catch let error as FileError {
                    // Back to where it stood, so that the caller can go on from there.
                    ftruncate(descriptor, state.held)
                    throw DaemonError(error)
                }
                state.hash.update(bufferPointer: bytes)
                state.held = end
                guard end - state.begun >= Self.stretch else { return }
                guard sqz_begin_writing(descriptor, state.begun, end - state.begun) == 0 else {
                    throw DaemonError.last("sync_file_range", path)
                }
                state.begun = end
            }
        }
    }

    /// The disk writes while more comes, and not all of it at the end.
    private static let stretch = 8 << 20

    /// Makes it last when all bytes are there, and sees that they are those that were stated; if not, the upload is gone.
    func finish() throws {
        let state = state.withLock { $0 }
        try withFile(O_RDONLY, state) { descriptor in
            guard fsync(descriptor) == 0 else { throw DaemonError.last("fsync", path) }
            let found = state.hash.finalize().hexadecimal
            guard found == sha256 else {
                guard unlink(path) == 0 || errno == ENOENT else { throw DaemonError.last("unlink", path) }
                throw SqzError.wrongChecksum(sha256: sha256, found: found)
            }
            guard fchmod(descriptor, 0o400) == 0 else { throw DaemonError.last("fchmod", path) }
        }
    }
}
