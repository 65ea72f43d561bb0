internal import Crypto
internal import Files
internal import Glibc
internal import SqzProtocol

/// A state directory that is made of a backup. All of it is written and checked in a folder of its own; then it is moved into place,
/// the records last, without which no daemon sees any of it.
final class RestoredState {
    private let directory: String
    private let folder: String
    /// The directories that were made for it, the outermost first.
    private var made: [String] = []
    private var sums: [String: String] = [:]
    private(set) var bytes = 0
    private var lock: CInt = -1

    var count: Int { sums.count }

    /// Takes the directory for itself, as a daemon does. It must be empty, or not be there.
    init(at directory: String) throws {
        self.directory = directory
        folder = directory + "/restoring"
        var status = stat()
        if stat(directory, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw InputError(directory, bad: "is no directory")
            }
            // What root writes into another's directory is the other's, who could have put links there.
            if geteuid() == 0, status.st_uid != 0 {
                guard setgroups(0, nil) == 0, setegid(status.st_gid) == 0, seteuid(status.st_uid) == 0 else {
                    throw InputError(written: directory, code: errno)
                }
            }
        } else {
            try makeDirectories(directory)
        }
        // Somebody's files are left alone, also beside it: a wrong path is found out before the daemon takes it for its own.
        if let other = try Self.names(directory).first(where: { !Self.known.contains($0) }) {
            throw InputError(
                directory,
                bad:
                    "has something else in it (\(other.printable)); right would be a directory that is empty, or not there"
            )
        }
        lock = open(directory + "/lock", O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw InputError(written: directory + "/lock", code: errno) }
        var region = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        guard fcntl(lock, F_SETLK, &region) == 0 else {
            throw InUse(directory: directory)
        }
        // SQLite would take a log that another database left for this one's.
        for name in Self.used where try Self.isUsed("\(directory)/\(name)") {
            throw InputError(
                directory,
                bad: "has jobs or models already (\(name)); right would be an empty directory: move this one away first"
            )
        }
        try remove(folder)
        for path in [folder, folder + "/blobs", folder + "/jobs"] { try make(path) }
    }

    private static let used = [
        BackupArchive.database, BackupArchive.database + "-wal", BackupArchive.database + "-journal", "blobs", "jobs",
    ]
    /// What a daemon that has begun there, an interrupted restore or a file system leaves in a directory without a state.
    private static let known = Set(
        used + [BackupArchive.database + "-shm", "uploads", "imports", "backups", "lock", "restoring", "lost+found"])

    deinit { if lock >= 0 { close(lock) } }

    /// A daemon has it, or another restore.
    struct InUse: Error {
        let directory: String
    }

    /// Writes one member and remembers its sha256; `next` gives its bytes until there are none.
    func add(_ name: String, _ next: () throws -> [UInt8]) throws -> [UInt8] {
        guard BackupArchive.isMember(name), sums[name] == nil else {
            throw InputError(name, bad: "does not belong into a backup of sqzd")
        }
        if name == BackupArchive.checksums {
            var text: [UInt8] = []
            while case let piece = try next(), !piece.isEmpty {
                text += piece
                // A line of each has its name, which is of 300 bytes at most, and 67 more.
                guard text.count <= sums.count << 9 else { throw InputError(name, bad: "is longer than it can be") }
            }
            return text
        }
        let path = "\(folder)/\(name)"
        if name.hasPrefix("jobs/"), let slash = path.lastIndex(of: "/") { try make(String(path[..<slash])) }
        let mode: UInt32 = BackupArchive.blob(name) == nil ? 0o600 : 0o400
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw InputError(written: path, code: errno) }
        defer { close(file) }
        var hash = SHA256()
        while case let piece = try next(), !piece.isEmpty {
            hash.update(data: piece)
            if let code = Output.write(piece, to: file) { throw InputError(written: path, code: code) }
            bytes += piece.count
        }
        guard fsync(file) == 0 else { throw InputError(written: path, code: errno) }
        sums[name] = BackupArchive.hexadecimal(hash)
        return []
    }

    /// Holds what was written against the checksums, and moves it into place.
    func commit(_ checksums: [UInt8], from file: String) throws {
        let lines = String(decoding: checksums, as: UTF8.self).split(separator: "\n")
        let said = lines.map { ($0.dropFirst(66), $0.prefix(64)) }
        guard Set(said.map { String($0.0) }) == Set(sums.keys), sums[BackupArchive.database] != nil else {
            throw InputError(file, bad: "does not hold the files that it says it holds")
        }
        for (name, sha256) in said {
            let found = sums[String(name)] ?? ""
            guard found == sha256 else {
                throw InputError(file, bad: "is damaged: the sha256 of \(name) is \(found), not \(sha256)")
            }
            guard BackupArchive.blob(String(name)) ?? found == found else {
                throw InputError(file, bad: "is no backup of sqzd: \(name) has the sha256 \(found), not its name")
            }
        }
        guard try isDatabase() else {
            throw InputError(file, bad: "is no backup of sqzd: its sqzd.db is no SQLite database")
        }
        for name in ["blobs", "jobs"] {
            for folder in try names("\(folder)/\(name)").filter({ _ in name == "jobs" }) {
                try synchronize("\(self.folder)/\(name)/\(folder)")
            }
            try synchronize("\(folder)/\(name)")
            // Empty ones, of a daemon that has begun there.
            guard rmdir("\(directory)/\(name)") == 0 || errno == ENOENT else {
                throw InputError(written: "\(directory)/\(name)", code: errno)
            }
            try move(name)
        }
        try synchronize(directory)
        try move(BackupArchive.database)
        try synchronize(directory)
        try remove(folder)
    }

    /// What was written so far goes, and the directories that were made for it.
    func abandon() throws {
        try remove(folder)
        guard !made.isEmpty else { return }
        try remove(directory + "/lock")
        for path in made.reversed() {
            guard rmdir(path) == 0 else { throw InputError(written: path, code: errno) }
        }
    }

    /// Whether the records begin as SQLite's files do (https://www.sqlite.org/fileformat.html); the daemon reads more of them.
    private func isDatabase() throws -> Bool {
        let path = "\(folder)/\(BackupArchive.database)"
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw InputError(path) }
        defer { close(file) }
        let magic = Array("SQLite format 3\0".utf8)
        var found = [UInt8](repeating: 0, count: magic.count)
        return read(file, &found, found.count) == magic.count && found == magic
    }

    // Files

    private func move(_ name: String) throws {
        guard rename("\(folder)/\(name)", "\(directory)/\(name)") == 0 else {
            throw InputError(written: "\(directory)/\(name)", code: errno)
        }
    }

    private func make(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw InputError(written: path, code: errno) }
    }

    private func synchronize(_ path: String) throws {
        do throws(FileError) { try Directory.synchronize(path) } catch {
            throw InputError(written: path, code: error.code)
        }
    }

    private func names(_ path: String) throws -> [String] { try Self.names(path) }

    private static func names(_ path: String) throws -> [String] {
        do throws(FileError) { return try Directory.names(in: path) } catch {
            guard error.code != ENOENT else { return [] }
            throw InputError(path, code: error.code)
        }
    }

    /// The records, or a folder that holds something.
    private static func isUsed(_ path: String) throws -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        return try status.st_mode & S_IFMT != S_IFDIR || !names(path).isEmpty
    }

    private func remove(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in try names(path) { try remove("\(path)/\(name)") }
            guard rmdir(path) == 0 else { throw InputError(written: path, code: errno) }
        } else {
            guard unlink(path) == 0 else { throw InputError(written: path, code: errno) }
        }
    }

    private func makeDirectories(_ path: String) throws {
        var status = stat()
        if stat(path, &status) == 0 { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeDirectories(String(path[..<slash])) }
        if mkdir(path, 0o700) == 0 { return made.append(path) }
        guard errno == EEXIST else { throw InputError(written: path, code: errno) }
    }
}
