internal import Crypto
internal import Glibc
internal import SqzProtocol

/// What a user has the daemon take over: a file, or a folder as one tar file. It is read for its checksum, and what the daemon
/// lacks of it once more: what the daemon has needs not be sent.
struct Upload {
    /// What it is called to the daemon, and where progress is told.
    let name: String
    /// Where it is to the user.
    let path: String
    let sha256: String
    let size: Int
    /// Gives bytes from a place on, `Limits.chunkBytes` at most, and none at the end.
    let read: (Int) throws -> [UInt8]

    /// A regular file.
    init(file: String, named name: String) throws {
        let opened = try OpenFile(file)
        try self.init(name, at: file, length: opened.length) { try opened.bytes(at: $0) }
    }

    init(folder: FolderTar, at path: String, named name: String) throws {
        try self.init(name, at: path, length: folder.length) { try folder.bytes(at: $0, count: Limits.chunkBytes) }
    }

    /// What is known by its checksum already.
    init(_ name: String, sha256: String, size: Int, read: @escaping (Int) throws -> [UInt8]) {
        (self.name, path, self.sha256, self.size, self.read) = (name, name, sha256, size, read)
    }

    /// - Parameter length: how much there is at least, as far as that is known before it is read.
    private init(_ name: String, at path: String, length: Int, _ read: @escaping (Int) throws -> [UInt8]) throws {
        var hash = SHA256()
        var size = 0
        repeat {
            guard max(size, length) <= Limits.uploadBytes else {
                throw InputError(path, bad: "has more than \(Format.bytes(Limits.uploadBytes)), the most that is taken")
            }
            let bytes = try read(size)
            if bytes.isEmpty { break }
            hash.update(data: bytes)
            size += bytes.count
            if size < length { Output.live("\(name): \(Format.bytes(size)) of \(Format.bytes(length)) read") }
        } while true
        guard size > 0 else { throw InputError(path, bad: "is empty") }
        sha256 = String(hash.finalize().description.suffix(64))
        (self.name, self.path, self.size, self.read) = (name, path, size, read)
    }

    /// As many bytes from a place on as `read` gives, which are no fewer than were read the first time.
    func bytes(at offset: Int) throws -> [UInt8] {
        let bytes = try read(offset)
        guard !bytes.isEmpty else { throw InputError(path, bad: "changed while it was being read") }
        return bytes.count <= size - offset ? bytes : Array(bytes[..<(size - offset)])
    }

    var file: File { File(name: name, sha256: sha256) }
}

/// A file that stays open.
private final class OpenFile {
    private let path: String
    private let descriptor: CInt

    init(_ path: String) throws(InputError) {
        self.path = path
        descriptor = try Reading.open(path, pipes: false, right: "a regular file")
    }

    deinit { close(descriptor) }

    /// Where the kernel does not know it, it is 0.
    var length: Int { lseek(descriptor, 0, SEEK_END) }

    func bytes(at offset: Int) throws(InputError) -> [UInt8] {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Limits.chunkBytes) { buffer, used in
            repeat {
                count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
            } while count < 0 && errno == EINTR
            used = max(0, count)
        }
        guard count >= 0 else { throw InputError(path) }
        return bytes
    }
}
