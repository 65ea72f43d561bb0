internal import Crypto
internal import Files
internal import FoundationEssentials
internal import Glibc
internal import SqzProtocol

/// Files by the sha256 of their bytes, written once and never changed. All calls block on the disk.
struct Blobs: Sendable {
    let directory: String

    func path(_ sha256: String) -> String { "\(directory)/\(sha256)" }

    /// Makes a finished file last, and tells what it will be called.
    func seal(_ file: String) throws -> Sealed { try seal(file, open(file, Self.asItIs)) }

    /// The same of what a runner made: in its job's directory itself, wherever links there lead.
    func seal(_ name: String, in directory: String) throws -> Sealed {
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { throw DaemonError.last("open", directory) }
        defer { close(folder) }
        return try seal("\(directory)/\(name)", openat(folder, name, Self.asItIs))
    }

    /// No link is followed, and no pipe waited for.
    private static let asItIs = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC

    private func seal(_ file: String, _ descriptor: CInt) throws -> Sealed {
        guard descriptor >= 0 else { throw DaemonError.last("open", file) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DaemonError.last("fstat", file) }
        // Nor is it a second name of something else.
        guard status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else {
            throw SqzError.runnerFailed(reason: "it made no regular file of its own: \(file)")
        }
        guard fchmod(descriptor, 0o400) == 0 else { throw DaemonError.last("fchmod", file) }
        guard fsync(descriptor) == 0 else { throw DaemonError.last("fsync", file) }
        let (sha256, size) = try Self.digest(descriptor, file)
        return Sealed(file: file, sha256: sha256, size: size)
    }

    /// Whether it is a sha256, in lower case.
    static func isName(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// A file that waits to become a blob.
    struct Sealed: Sendable {
        let file: String
        let sha256: String
        let size: Int
    }

    /// Takes the file over, by renaming it; the same bytes are kept once. Done while the store's transaction that refers to
    /// it is open, as is `remove`: so neither sees the other half done.
    func place(_ sealed: Sealed) throws {
        guard rename(sealed.file, path(sealed.sha256)) == 0 else {
            throw DaemonError.last("rename", path(sealed.sha256))
        }
        try StateDirectory.synchronize(directory)
    }

    /// The path of a blob that is whole: its bytes have the checksum that it is named for. `what` it is goes into the error.
    func verified(_ sha256: String, of what: String) throws -> String {
        let path = path(sha256)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw DaemonError.damaged(what: what, path: path, reason: String(errno: errno))
        }
        defer { close(descriptor) }
        let found = try Self.digest(descriptor, path).sha256
        guard found == sha256 else {
            throw DaemonError.damaged(what: what, path: path, reason: "its sha256 is \(found)")
        }
        return path
    }

    /// What of `needs` has no file; its bytes are not looked at.
    func missing(of needs: [(what: String, sha256: String)]) -> [String] {
        needs.filter { access(path($0.sha256), F_OK) != 0 }.map(\.what)
    }

    /// Whether a blob is there and `verified` would give it.
    func isWhole(_ sha256: String) throws -> Bool {
        do {
            _ = try verified(sha256, of: "blob")
            return true
        } catch DaemonError.damaged {
            return false
        }
    }

    /// At most `size` bytes of a file, from `offset` on.
    static func piece(of path: String, at offset: Int, size: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DaemonError.last("open", path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = pread(descriptor, &bytes, size, offset)
        guard count >= 0 else { throw DaemonError.last("read", path) }
        return Array(bytes.prefix(count))
    }

    func remove(_ sha256: String) throws {
        guard unlink(path(sha256)) == 0 || errno == ENOENT else { throw DaemonError.last("unlink", path(sha256)) }
    }

    /// Removes what nothing refers to: what was placed, but not registered, when the daemon was killed.
    func removeAll(but needed: Set<String>) throws {
        for name in try StateDirectory.names(in: directory) where !needed.contains(name) { try remove(name) }
    }

    /// The sha256, in hexadecimal, of all that an open file holds.
    static func digest(_ descriptor: CInt, _ path: String) throws -> (sha256: String, size: Int) {
        let (hash, size) = try read(descriptor, path)
        return (hash.finalize().hexadecimal, size)
    }

    /// The hash of all that an open file holds so far, and how much that is.
    static func read(_ descriptor: CInt, _ path: String) throws -> (hash: SHA256, size: Int) {
        var hash = SHA256()
        var size = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, size)
            if count < 0 {
                if errno == EINTR { continue }
                throw DaemonError.last("read", path)
            }
            if count == 0 { return (hash, size) }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            size += count
        }
    }
}

extension SHA256.Digest {
    var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return String(flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
