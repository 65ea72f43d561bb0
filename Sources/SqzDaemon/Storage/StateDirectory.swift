internal import Files
internal import FoundationEssentials
internal import Glibc

/// The directory that holds all that the daemon keeps. One daemon at a time, by a lock that the kernel drops with the
/// process.
///
///     sqzd.db   jobs, events, models, data sets
///     blobs/    models' and data sets' files by sha256
///     jobs/N/   a job's log, if it has lines, and its checkpoints while it has not ended; gone where there is neither
///     uploads/  files that users are sending
///     imports/  data sets and models that are being made
///     backups/  a backup that somebody is taking
struct StateDirectory: Sendable {
    let path: String

    var database: String { path + "/sqzd.db" }
    var blobs: String { path + "/blobs" }
    var uploads: String { path + "/uploads" }
    var imports: String { path + "/imports" }
    var backups: String { path + "/backups" }
    /// What `sqzctl restore` writes before it moves it into place; left where it was killed.
    var restoring: String { path + "/restoring" }

    func job(_ id: Int) -> String { "\(path)/jobs/\(id)" }

    /// Makes it, and takes the lock.
    init(path: String) throws {
        self.path = path
        try Self.makeDirectories(path)
        let lock = open(path + "/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw DaemonError.last("open", path + "/lock") }
        // Held until the process ends. Not flock(2), whose lock a runner that is just being started would hold beyond that.
        var region = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        guard fcntl(lock, F_SETLK, &region) == 0 else {
            throw errno == EAGAIN || errno == EACCES
                ? DaemonError.locked(directory: path) : DaemonError.last("fcntl", path)
        }
    }

    /// Once it is known that there is nothing else.
    func makeFolders() throws {
        for directory in [blobs, uploads, imports, path + "/jobs"] { try Self.makeDirectory(directory) }
    }

    /// Records are begun anew only where there is nothing else: whatever they do not name is removed when the daemon starts.
    func checkRecords() throws {
        var status = stat()
        guard stat(database, &status) != 0 || status.st_size == 0 else { return }
        let others = try ["blobs", "jobs", "restoring"].filter { name in
            try stat("\(path)/\(name)", &status) == 0 && !Self.names(in: "\(path)/\(name)").isEmpty
        }
        guard others.isEmpty else { throw DaemonError.noRecords(path: database, beside: others) }
    }

    /// What the records say is for nobody else to read, whoever made the directory or the file. SQLite gives its own files
    /// beside it the same mode.
    func closeRecords() throws {
        let descriptor = open(database, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw DaemonError.last("open", database) }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else { throw DaemonError.last("fchmod", database) }
        for file in [database + "-wal", database + "-shm"] {
            guard chmod(file, 0o600) == 0 || errno == ENOENT else { throw DaemonError.last("chmod", file) }
        }
    }

    /// The directory and those above it that are missing.
    private static func makeDirectories(_ path: String) throws {
        var status = stat()
        if stat(path, &status) == 0 { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeDirectories(String(path[..<slash])) }
        try makeDirectory(path)
    }

    static func makeDirectory(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw DaemonError.last("mkdir", path) }
    }

    /// Makes the entries of a directory last.
    static func synchronize(_ directory: String) throws {
        do throws(FileError) { try Directory.synchronize(directory) } catch { throw DaemonError(error) }
    }

    /// What users without privileges can still write to its file system.
    func freeBytes() throws -> Int {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw DaemonError.last("statvfs", path) }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }

    /// The names in a directory, sorted; empty where it does not exist.
    static func names(in directory: String) throws -> [String] {
        do throws(FileError) {
            return try Directory.names(in: directory)
        } catch {
            guard error.code == ENOENT else { throw DaemonError(error) }
            return []
        }
    }

    /// Removes what of the files of a job that does not run is of no use: checkpoints unless it may need them, a log without
    /// lines, and a directory without files.
    func tidy(_ id: Int, keepingCheckpoints: Bool) throws {
        let directory = job(id)
        if !keepingCheckpoints { try Self.removeFiles(in: directory) { !$0.hasPrefix("log") } }
        if try Self.size(of: directory + "/log") == 0 { try Self.removeFiles(in: directory) { $0 == "log" } }
        guard rmdir(directory) == 0 || errno == ENOTEMPTY || errno == ENOENT else {
            throw DaemonError.last("rmdir", directory)
        }
    }

    /// Removes all files of a job.
    func remove(_ id: Int) throws { try Self.remove(job(id)) }

    /// Removes what there is: a file or a link, a folder with all that is in it.
    static func remove(_ path: String) throws {
        guard unlink(path) != 0, errno != ENOENT else { return }
        guard errno == EISDIR else { throw DaemonError.last("unlink", path) }
        try FileManager.default.removeItem(atPath: path)
    }

    /// What the records' files hold.
    func databaseBytes() throws -> Int {
        try ["", "-wal"].reduce(0) { try $0 + (Self.size(of: database + $1) ?? 0) }
    }

    /// The jobs that have a directory.
    func jobs() throws -> [Int] { try Self.names(in: path + "/jobs").compactMap { Int($0) } }

    /// What a job's files hold; 0 where it has none.
    func bytes(of id: Int) throws -> (checkpoints: Int, log: Int) {
        try Self.names(in: job(id)).reduce(into: (0, 0)) { sums, name in
            // A runner that ends removes what was half written.
            let size = try Self.size(of: "\(job(id))/\(name)") ?? 0
            if name.hasPrefix("log") { sums.1 += size } else { sums.0 += size }
        }
    }

    /// nil where there is no such file. A link that a job left counts for itself, not for what it points to.
    private static func size(of path: String) throws -> Int? {
        var status = stat()
        if lstat(path, &status) == 0 { return Int(status.st_size) }
        guard errno == ENOENT else { throw DaemonError.last("lstat", path) }
        return nil
    }

    /// Removes what in a directory has a name that is `unwanted`; a runner may have left folders there.
    static func removeFiles(in directory: String, where unwanted: (String) -> Bool) throws {
        for name in try names(in: directory) where unwanted(name) { try remove("\(directory)/\(name)") }
    }

    /// Copies a file to where none is; gives its size, and nil where there is no such file any more, or what is there is none.
    static func copy(_ path: String, to target: String) throws -> Int? {
        let source = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard source >= 0 else {
            if [ENOENT, ELOOP, ENXIO].contains(errno) { return nil }
            throw DaemonError.last("open", path)
        }
        defer { close(source) }
        var status = stat()
        guard fstat(source, &status) == 0 else { throw DaemonError.last("fstat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        let copy = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard copy >= 0 else { throw DaemonError.last("open", target) }
        defer { close(copy) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        var size = 0
        while true {
            let count = pread(source, buffer.baseAddress, buffer.count, size)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DaemonError.last("read", path) }
            if count == 0 { return size }
            do {
                try WholeFile.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: size, to: copy, target)
            } catch {
                throw DaemonError(error)
            }
            size += count
        }
    }
}
