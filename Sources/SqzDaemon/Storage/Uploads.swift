internal import Files
internal import Glibc
internal import SqzProtocol

/// Files that users are sending, `uploads/UID-SHA256-SIZE`: how long such a file is tells how far the upload is, so that it
/// goes on after any interruption. All calls block on the disk.
struct Uploads: Sendable {
    let directory: String

    private struct Upload {
        let path: String
        /// What it is to be.
        let size: Int
        /// What is there.
        let held: Int
    }

    /// What is uploaded by each user, as large as it was announced.
    func announcedByUser() throws -> [Int: Int] {
        try StateDirectory.names(in: directory).reduce(into: [:]) { sums, name in
            let parts = name.split(separator: "-").compactMap { Int($0) }
            if let uid = parts.first, let size = parts.last { sums[uid, default: 0] += size }
        }
    }

    /// Whether this upload was begun.
    func has(_ sha256: String, size: Int, by uid: UInt32) throws -> Bool {
        let path = path(sha256, size, uid)
        if access(path, F_OK) == 0 { return true }
        guard errno == ENOENT else { throw DaemonError.last("access", path) }
        return false
    }

    private func path(_ sha256: String, _ size: Int, _ uid: UInt32) -> String {
        "\(directory)/\(uid)-\(sha256)-\(size)"
    }

    /// Refuses what can be no upload.
    static func check(_ sha256: String, size: Int) throws(SqzError) {
        guard sha256.utf8.count == 64, sha256.utf8.allSatisfy({ Self.isHexadecimal($0) }) else {
            throw .invalidOption(option: "sha256", reason: "must be 64 hexadecimal digits, in lower case")
        }
        guard size > 0 else { throw .invalidOption(option: "size", reason: "must be above 0") }
        guard size <= Limits.uploadBytes else {
            throw .tooLarge(what: "bytes in one upload", limit: Limits.uploadBytes, current: size)
        }
    }

    /// Begins an upload, which was checked, or tells how far it is.
    func offer(_ sha256: String, size: Int, by uid: UInt32) throws -> Int {
        let mine = try StateDirectory.names(in: directory).filter { $0.hasPrefix("\(uid)-") }
        let same = mine.filter { $0.hasPrefix("\(uid)-\(sha256)-") }
        // What was announced counts, not what has come.
        let announced = mine.filter { !same.contains($0) }.reduce(0) { $0 + (Int($1.split(separator: "-")[2]) ?? 0) }
        guard announced + size <= Limits.uploadBytesPerUser else {
            throw SqzError.tooLarge(
                what: "bytes in all of your uploads", limit: Limits.uploadBytesPerUser, current: announced)
        }
        let path = path(sha256, size, uid)
        guard mine.count < Limits.uploadsPerUser || !same.isEmpty else {
            throw SqzError.tooLarge(
                what: "uploads of yours", limit: Limits.uploadsPerUser, current: mine.count)
        }
        let descriptor = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DaemonError.last("open", path) }
        defer { close(descriptor) }
        // One file has one size: what was said of it last counts.
        for other in same.map({ "\(directory)/\($0)" }) where other != path {
            guard unlink(other) == 0 || errno == ENOENT else { throw DaemonError.last("unlink", other) }
        }
        return try Self.size(descriptor, path)
    }

    /// Adds a chunk; tells how far the upload is then.
    func write(_ bytes: [UInt8], at offset: Int, to sha256: String, by uid: UInt32) throws -> Int {
        let upload = try find(sha256, by: uid)
        guard offset == upload.held else { throw SqzError.wrongOffset(sha256: sha256, offset: upload.held) }
        let end = upload.held + bytes.count
        guard end <= upload.size else { throw SqzError.tooLarge(what: "bytes in this upload", limit: upload.size) }
        let descriptor = open(upload.path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw DaemonError.last("open", upload.path) }
        defer { close(descriptor) }
        do {
            try bytes.withUnsafeBytes { try WholeFile.write($0, at: offset, to: descriptor, upload.path) }
        } catch let error as FileError {
            // Back to where it stood, so that the caller can send the chunk again.
            ftruncate(descriptor, upload.held)
            throw DaemonError(error)
        }
        guard end == upload.size else { return end }
        guard fsync(descriptor) == 0 else { throw DaemonError.last("fsync", upload.path) }
        let found = try Blobs.digest(descriptor, upload.path).sha256
        guard found == sha256 else {
            try remove(sha256, by: uid)
            throw SqzError.wrongChecksum(sha256: sha256, found: found)
        }
        return end
    }

    func size(of sha256: String, by uid: UInt32) throws -> Int { try find(sha256, by: uid).size }

    /// The path of a whole upload.
    func finished(_ sha256: String, by uid: UInt32) throws -> String {
        let upload = try find(sha256, by: uid)
        guard upload.held == upload.size else { throw SqzError.wrongOffset(sha256: sha256, offset: upload.held) }
        return upload.path
    }

    func remove(_ sha256: String, by uid: UInt32) throws {
        let path = try find(sha256, by: uid).path
        guard unlink(path) == 0 || errno == ENOENT else { throw DaemonError.last("unlink", path) }
    }

    /// Removes uploads that nobody went on with for a day; `now` in seconds since 1970.
    func removeStale(now: Int) throws {
        for name in try StateDirectory.names(in: directory) {
            let path = "\(directory)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0 else { throw DaemonError.last("stat", path) }
            guard status.st_mtim.tv_sec + Limits.uploadLifetime < now else { continue }
            guard unlink(path) == 0 else { throw DaemonError.last("unlink", path) }
        }
    }

    private func find(_ sha256: String, by uid: UInt32) throws -> Upload {
        let prefix = "\(uid)-\(sha256)-"
        guard let name = try StateDirectory.names(in: directory).first(where: { $0.hasPrefix(prefix) }),
            let size = Int(name.dropFirst(prefix.count))
        else { throw SqzError.noSuchUpload(sha256: sha256) }
        let path = "\(directory)/\(name)"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DaemonError.last("open", path) }
        defer { close(descriptor) }
        return Upload(path: path, size: size, held: try Self.size(descriptor, path))
    }

    private static func size(_ descriptor: CInt, _ path: String) throws -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DaemonError.last("fstat", path) }
        return status.st_size
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
