internal import Glibc
internal import SqzProtocol

/// A folder as one tar file that is nowhere: any part of it is made when it is asked for. What is below the same folder is the
/// same file, since names are in order, and times and owners are left out.
struct FolderTar {
    /// What is below the folder: files, and what is none (links, devices, hidden folders), of which only the name is sent.
    private struct Entry {
        /// Below the folder, as bytes: no more is known of names.
        let path: [UInt8]
        let isFile: Bool
        /// Bytes of the file that are sent.
        let size: Int
        /// Where its header begins.
        let start: Int

        var header: [UInt8] { TarBlocks.header(path, isFile: isFile, size: size) }
        var end: Int { start + header.count + TarBlocks.padded(size) }
    }

    private let folder: String
    private var entries: [Entry] = []
    private var end = 0

    /// - Parameter folder: a path without links.
    init(_ folder: String) throws {
        self.folder = folder
        try walk([])
    }

    /// Whether it is for an import of pictures: there is one below, and no file of records in it.
    func holdsPictures() throws -> Bool {
        guard !entries.contains(where: { !$0.path.contains(Self.slash) && Self.isOfRecords($0.path) }) else {
            return false
        }
        let files = entries.filter { $0.isFile && $0.size > 0 }
        return try files.contains { Self.hasPictureName($0.path) } || files.contains { try isPicture($0) }
    }

    /// Whether something that is no file has a picture's name.
    var holdsLinkedPictures: Bool { entries.contains { !$0.isFile && Self.hasPictureName($0.path) } }

    /// Of the tar file. Two blocks of zeros end it.
    var length: Int { end + 2 * TarBlocks.size }

    /// Up to `count` bytes of the tar file from a place on; fewer only at its end.
    func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        // The last entry that begins at the place or before.
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].start <= offset { low = middle + 1 } else { high = middle }
        }
        var index = max(0, low - 1)
        while bytes.count < count, index < entries.count {
            let entry = entries[index]
            try append(entry, from: offset + bytes.count - entry.start, to: &bytes, limit: count)
            index += 1
        }
        let rest = length - offset - bytes.count
        bytes += [UInt8](repeating: 0, count: max(0, min(rest, count - bytes.count)))
        return bytes
    }

    private func append(_ entry: Entry, from place: Int, to bytes: inout [UInt8], limit: Int) throws {
        let header = entry.header
        let before = place - bytes.count
        if place < header.count { bytes += header[place...].prefix(limit - bytes.count) }
        let start = before + bytes.count - header.count
        if start >= 0, start < entry.size, bytes.count < limit {
            let wanted = min(entry.size - start, limit - bytes.count)
            let part = try read(entry, at: start, count: wanted)
            guard part.count == wanted else {
                throw InputError(name(entry.path), bad: "changed while it was being read")
            }
            bytes += part
        }
        let padding = header.count + TarBlocks.padded(entry.size) - (before + bytes.count)
        guard padding > 0, before + bytes.count >= header.count + entry.size else { return }
        bytes += [UInt8](repeating: 0, count: min(padding, limit - bytes.count))
    }

    private func read(_ entry: Entry, at offset: Int, count: Int) throws -> [UInt8] {
        let descriptor = openBelow(entry.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw InputError(name(entry.path)) }
        defer { close(descriptor) }
        var code: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            while used < count {
                let received = pread(descriptor, buffer.baseAddress! + used, count - used, off_t(offset + used))
                if received < 0, errno == EINTR { continue }
                if received < 0 { code = errno }
                guard received > 0 else { return }
                used += received
            }
        }
        errno = code
        guard code == 0 else { throw InputError(name(entry.path)) }
        return bytes
    }
}

// The folder.
extension FolderTar {
    private static let slash = UInt8(ascii: "/")

    private func name(_ path: [UInt8]) -> String { "\(folder)/\(String(decoding: path, as: UTF8.self))" }

    private func openBelow(_ path: [UInt8], _ flags: CInt) -> CInt {
        open(
            Array(folder.utf8CString.dropLast()) + [CChar(bitPattern: Self.slash)] + path.map(CChar.init(bitPattern:))
                + [0], flags)
    }

    private mutating func walk(_ path: [UInt8]) throws {
        let descriptor = openBelow(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0, let stream = fdopendir(descriptor) else { throw InputError(name(path)) }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
        }
        guard errno == 0 else { throw InputError(name(path)) }
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let member = path.isEmpty ? name : path + [Self.slash] + name
            var status = stat()
            guard fstatat(descriptor, name.map(CChar.init(bitPattern:)) + [0], &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw InputError(self.name(member))
            }
            let kind = status.st_mode & S_IFMT
            let isHidden = name.first == UInt8(ascii: ".")
            if kind == S_IFDIR, !isHidden {
                try walk(member)
                continue
            }
            // Nobody looks into what is hidden. One byte more than a picture may have says that it has too many.
            let size = isHidden ? 0 : min(Int(status.st_size), Limits.pictureFileBytes + 1)
            let isFile = kind == S_IFREG || isHidden
            let entry = Entry(path: member, isFile: isFile, size: isFile ? size : 0, start: end)
            entries.append(entry)
            end = entry.end
        }
    }

    private static func isOfRecords(_ path: [UInt8]) -> Bool {
        var name = String(decoding: path, as: UTF8.self)
        if name.hasSuffix(".gz") { name.removeLast(3) }
        return name.hasPrefix("data_batch_") || name.hasSuffix("-ubyte")
            || ["test_batch.bin", "train.bin", "test.bin"].contains(name)
    }

    private static func hasPictureName(_ path: [UInt8]) -> Bool {
        let name = String(decoding: path, as: UTF8.self).lowercased()
        return [".png", ".jpg", ".jpeg", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff"].contains {
            name.hasSuffix($0)
        }
    }

    /// By the marks of the formats that are read.
    private func isPicture(_ entry: Entry) throws -> Bool {
        let start = try read(entry, at: 0, count: min(entry.size, 12))
        return start.starts(with: [0x89, 0x50, 0x4e, 0x47]) || start.starts(with: [0xff, 0xd8, 0xff])
            || start.starts(with: "RIFF".utf8) && start.suffix(4).elementsEqual("WEBP".utf8)
    }
}
