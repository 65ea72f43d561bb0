internal import Files
internal import Glibc
internal import SqzProtocol

/// Files that users are sending, `uploads/UID-SHA256-SIZE`: how long such a file is tells how far the upload is, so that it
/// goes on after any interruption. Whose bytes were found to have the checksum can't be written any more (its mode is 0400). All
/// calls block on the disk.
struct Uploads: Sendable {
    let directory: String
    /// Whoever adds to an upload has it alone: keys are made by `key`.
    let turns = Turns<String>(places: 1)

    private struct Upload {
        let path: String
        /// What it is to be.
        let size: Int
        /// What is there.
        let held: Int
        let isVerified: Bool
    }

    /// An upload among `turns`.
    static func key(_ sha256: String, by uid: UInt32) -> String { "\(uid)-\(sha256)" }

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
        guard Blobs.isName(sha256) else {
            throw .invalidOption(option: "sha256", reason: "must be 64 hexadecimal digits, in lower case")
        }
        guard size > 0 else { throw .invalidOption(option: "size", reason: "must be above 0") }
        guard size <= Limits.uploadBytes else {
            throw .tooLarge(what: "bytes in one upload", limit: Limits.uploadBytes, current: size)
        }
    }

    /// Begins an upload, which was checked, or tells how far it is: as far as its size only if it has its checksum.
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
        let descriptor = open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DaemonError.last("open", path) }
        defer { close(descriptor) }
        // One file has one size: what was said of it last counts.
        for other in same.map({ "\(directory)/\($0)" }) where other != path {
            guard unlink(other) == 0 || errno == ENOENT else { throw DaemonError.last("unlink", other) }
        }
        let upload = try Self.look(descriptor, path, size)
        guard upload.held == size, !upload.isVerified else { return upload.held }
        do {
            try verify(upload, sha256)
            return size
        } catch SqzError.wrongChecksum {
            // Nobody had read it when the daemon was killed. It begins anew.
            return try offer(sha256, size: size, by: uid)
        }
    }

    /// Begins an upload, which was checked, or goes on with it, for whoever has it alone; nil where all of it is there.
    func begin(_ sha256: String, size: Int, by uid: UInt32) throws -> IncomingUpload? {
        if try offer(sha256, size: size, by: uid) == size { return nil }
        return try IncomingUpload(path: path(sha256, size, uid), sha256: sha256, size: size)
    }

    /// How far an upload is.
    func held(_ sha256: String, by uid: UInt32) throws -> Int { try find(sha256, by: uid).held }

    /// Reads what is all there. Throws `SqzError.wrongChecksum`, and the upload is gone then.
    private func verify(_ upload: Upload, _ sha256: String) throws {
        try IncomingUpload(path: upload.path, sha256: sha256, size: upload.size).finish()
    }

    /// Adds a chunk; tells how far the upload is then.
    func write(_ bytes: [UInt8], at offset: Int, to sha256: String, by uid: UInt32) throws -> Int {
        let upload = try find(sha256, by: uid)
        guard offset == upload.held else { throw SqzError.wrongOffset(sha256: sha256, offset: upload.held) }
        let end = upload.held + bytes.count
        guard end <= upload.size else { throw SqzError.tooLarge(what: "bytes in this upload", limit: upload.size) }
        if upload.isVerified { return end }
        let descriptor = open(upload.path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DaemonError.last("open", upload.path) }
        defer { close(descriptor) }
        do {
            try bytes.withUnsafeBytes { try WholeFile.write($0, at: offset, to: descriptor, upload.path) }
        } catch let error as FileError {
            // Back to where it stood, so that the caller can send the chunk again.
            ftruncate(descriptor, upload.held)
            throw DaemonError(error)
        }
        if end == upload.size { try verify(upload, sha256) }
        return end
    }

    func size(of sha256: String, by uid: UInt32) throws -> Int { try find(sha256, by: uid).size }

    /// The path of a whole upload.
    func finished(_ sha256: String, by uid: UInt32) throws -> String {
        let upload = try find(sha256, by: uid)
        guard upload.held == upload.size else { throw SqzError.wrongOffset(sha256: sha256, offset: upload.held) }
        if !upload.isVerified { try verify(upload, sha256) }
        return upload.path
    }

    /// Removes an upload, if there is one.
    func remove(_ sha256: String, by uid: UInt32) throws {
        let prefix = Self.key(sha256, by: uid) + "-"
        try StateDirectory.removeFiles(in: directory) { $0.hasPrefix(prefix) }
    }

    /// An upload to which nothing is being added.
    struct Idle: Sendable {
        let uid: Int
        /// As it was announced.
        let size: Int
        /// When it was added to last, in seconds since 1970.
        let time: Int
        fileprivate let path: String
    }

    /// Those of a user, or of all, to which nothing was added since a moment, in seconds since 1970.
    func idle(of uid: Int? = nil, before: Int = .max) throws -> [Idle] {
        try StateDirectory.names(in: directory).compactMap { name in
            let parts = name.split(separator: "-").compactMap { Int($0) }
            guard let owner = parts.first, let size = parts.last, uid == nil || owner == uid else { return nil }
            let path = "\(directory)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0 else {
                // It has become a data set or a model meanwhile.
                if errno == ENOENT { return nil }
                throw DaemonError.last("stat", path)
            }
            let time = Int(status.st_mtim.tv_sec)
            return time < before ? Idle(uid: owner, size: size, time: time, path: path) : nil
        }
    }

    func remove(_ upload: Idle) throws {
        guard unlink(upload.path) == 0 || errno == ENOENT else { throw DaemonError.last("unlink", upload.path) }
    }

    /// Removes uploads that nobody went on with for a day; `now` in seconds since 1970.
    func removeStale(now: Int) throws {
        for upload in try idle(before: now - Limits.uploadLifetime) { try remove(upload) }
    }

    /// When the next one of them is to be removed, in seconds since 1970.
    func nextStale() throws -> Int? { try idle().map(\.time).min().map { $0 + Limits.uploadLifetime + 1 } }

    private func find(_ sha256: String, by uid: UInt32) throws -> Upload {
        let prefix = Self.key(sha256, by: uid) + "-"
        guard let name = try StateDirectory.names(in: directory).first(where: { $0.hasPrefix(prefix) }),
            let size = Int(name.dropFirst(prefix.count))
        else { throw SqzError.noSuchUpload(sha256: sha256) }
        let path = "\(directory)/\(name)"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DaemonError.last("open", path) }
        defer { close(descriptor) }
        return try Self.look(descriptor, path, size)
    }

    private static func look(_ descriptor: CInt, _ path: String, _ size: Int) throws -> Upload {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DaemonError.last("fstat", path) }
        return Upload(path: path, size: size, held: status.st_size, isVerified: status.st_mode & S_IWUSR == 0)
    }
}
