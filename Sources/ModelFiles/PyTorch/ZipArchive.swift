internal import CArchive
internal import Glibc

/// Members of a zip archive, read through libarchive by name; nothing is unpacked to disk.
struct ZipArchive {
    let path: String

    /// Names and sizes, as the archive has them.
    func members() throws -> [(name: String, size: Int)] {
        var members: [(name: String, size: Int)] = []
        try walk { name, size, _ in
            members.append((name, size))
            guard members.count <= ModelFileLimits.zipMembers else {
                throw ModelFileError("it has more than \(ModelFileLimits.zipMembers) members")
            }
            return true
        }
        return members
    }

    /// Some bytes of a member.
    func bytes(of member: String, _ range: Range<Int>) throws -> [UInt8] {
        var found: [UInt8]?
        try walk { name, size, archive in
            guard name == member else { return true }
            // Before memory is taken: a member has what the archive says of it.
            guard range.upperBound <= size else {
                throw ModelFileError("\(name.prefix(120)) has \(size) bytes; \(range.upperBound) would be right")
            }
            found = try read(range, of: name, archive)
            return false
        }
        guard let found else { throw ModelFileError("it has no \(member.prefix(120))") }
        return found
    }

    private func read(_ range: Range<Int>, of name: String, _ archive: OpaquePointer) throws -> [UInt8] {
        var passed = 0
        var block = [UInt8](repeating: 0, count: 1 << 16)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        while bytes.count < range.count {
            let wanted = passed < range.lowerBound ? range.lowerBound - passed : range.count - bytes.count
            let count = archive_read_data(archive, &block, min(block.count, wanted))
            guard count > 0 else {
                throw ModelFileError("\(name.prefix(120)) ends at byte \(passed): \(Self.reason(archive))")
            }
            if passed >= range.lowerBound { bytes += block[..<count] }
            passed += count
        }
        return bytes
    }

    /// - Parameter visit: says whether to go on.
    private func walk(_ visit: (_ name: String, _ size: Int, OpaquePointer) throws -> Bool) throws {
        guard let archive = archive_read_new() else { throw ModelFileError("no memory for reading an archive") }
        defer { archive_read_free(archive) }
        archive_read_support_format_zip_seekable(archive)
        guard archive_read_open_filename(archive, path, 1 << 16) == ARCHIVE_OK else {
            throw ModelFileError("it is not a whole zip archive: \(Self.reason(archive))")
        }
        while true {
            var entry: OpaquePointer?
            switch archive_read_next_header(archive, &entry) {
            case ARCHIVE_OK, ARCHIVE_WARN: break
            case ARCHIVE_EOF: return
            default: throw ModelFileError("it is not a whole zip archive: \(Self.reason(archive))")
            }
            guard let name = archive_entry_pathname(entry) else { continue }
            guard try visit(String(cString: name), max(0, Int(archive_entry_size(entry))), archive) else { return }
        }
    }

    private static func reason(_ archive: OpaquePointer) -> String {
        archive_error_string(archive).map { String(cString: $0) } ?? "it is cut off"
    }
}
