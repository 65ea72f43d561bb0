internal import Glibc

/// A folder, whose files are opened name by name below it, and never through a link.
final class FolderReader: Sendable {
    private let descriptor: CInt
    private let name: String

    /// nil for what is no folder.
    init?(_ file: SourceFile) throws(DatasetError) {
        name = file.name
        descriptor = open(file.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOTDIR { return nil }
            throw .unreadable(file.name, errno: errno)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Hands over every file, link and device below the folder, in the order of their names, until `visit` answers false.
    func walk(
        limits: DatasetLimits, _ visit: (PictureTree.Entry) throws(DatasetError) -> Bool
    ) throws(DatasetError) {
        _ = try walk([], limits, visit)
    }

    /// False where it was told to stop.
    private func walk(
        _ folder: [UInt8], _ limits: DatasetLimits, _ visit: (PictureTree.Entry) throws(DatasetError) -> Bool
    ) throws(DatasetError) -> Bool {
        let opened = try openBelow(folder, O_RDONLY | O_DIRECTORY)
        defer { close(opened) }
        for name in try names(in: opened, MemberPath(folder)) {
            let path = folder.isEmpty ? name : folder + [UInt8(ascii: "/")] + name
            var status = stat()
            guard fstatat(opened, name.map(CChar.init(bitPattern:)) + [0], &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw .unreadable("\(MemberPath(path))", errno: errno)
            }
            let kind = status.st_mode & S_IFMT
            let member = MemberPath(path)
            try member.check(limits)
            // What is in a hidden folder is nobody's business.
            guard kind != S_IFDIR || PictureKind.isHidden(member) else {
                guard try walk(path, limits, visit) else { return false }
                continue
            }
            let entry = PictureTree.Entry(
                path: member, size: Int(status.st_size), isFile: kind == S_IFREG, ordinal: 0)
            guard try visit(entry) else { return false }
        }
        return true
    }

    /// The regular files in the folder itself, at `path`.
    func files(below path: String) throws(DatasetError) -> [SourceFile] {
        let opened = try openBelow([], O_RDONLY | O_DIRECTORY)
        defer { close(opened) }
        var files: [SourceFile] = []
        for name in try names(in: opened, MemberPath([])) {
            var status = stat()
            guard fstatat(opened, name.map(CChar.init(bitPattern:)) + [0], &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw .unreadable("\(MemberPath(name))", errno: errno)
            }
            guard status.st_mode & S_IFMT == S_IFREG else { continue }
            let name = String(decoding: name, as: UTF8.self)
            files.append(SourceFile(name: name, path: "\(path)/\(name)"))
        }
        return files
    }

    private func names(in descriptor: CInt, _ path: MemberPath) throws(DatasetError) -> [[UInt8]] {
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard own >= 0, let stream = fdopendir(own) else {
            let code = errno
            if own >= 0 { close(own) }
            throw .unreadable("\(path)", errno: code)
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: UInt8.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: 256).prefix { $0 != 0 })
                }
            }
            if name != [UInt8(ascii: ".")], name != Array("..".utf8) { names.append(name) }
        }
        guard errno == 0 else { throw .unreadable("\(path)", errno: errno) }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Up to `limit` bytes of a file that the walk found.
    func read(_ entry: PictureTree.Entry, limit: Int) throws(DatasetError) -> [UInt8] {
        let file = try openBelow(entry.path.bytes, O_RDONLY | O_NONBLOCK)
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .unreadable("\(entry.path)", errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == entry.size else { throw .changed(entry.path) }
        let wanted = min(limit, entry.size)
        var code: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, used in
            while used < wanted {
                let count = Glibc.read(file, buffer.baseAddress! + used, wanted - used)
                if count < 0 && errno == EINTR { continue }
                if count < 0 { code = errno }
                guard count > 0 else { return }
                used += count
            }
        }
        guard code == 0 else { throw .unreadable("\(entry.path)", errno: code) }
        guard bytes.count == wanted else { throw .changed(entry.path) }
        return bytes
    }

    private func openBelow(_ path: [UInt8], _ flags: CInt) throws(DatasetError) -> CInt {
        let names = path.split(separator: UInt8(ascii: "/"))
        // A descriptor of its own has a place of its own in the folder.
        var folder = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for (index, name) in names.enumerated() where folder >= 0 {
            let isLast = index == names.count - 1
            let next = openat(
                folder, name.map(CChar.init(bitPattern:)) + [0],
                (isLast ? flags : O_RDONLY | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC)
            let code = errno
            close(folder)
            errno = code
            folder = next
        }
        guard folder >= 0 else { throw .unreadable(names.isEmpty ? name : "\(MemberPath(path))", errno: errno) }
        return folder
    }
}

extension DatasetError {
    static func changed(_ path: MemberPath) -> DatasetError {
        DatasetError(.unreadable, "\(path)", "it changed while it was being read")
    }
}
