import CArchive
import Glibc

/// The members of an archive (tar, also packed by xz, zstd or bzip2; zip), read through libarchive one after the other;
/// nothing is unpacked to disk.
///
/// Source: libarchive's archive_read(3), archive_read_data(3), archive_entry(3).
final class ArchiveReader {
    /// A member: a file, or what is none (`isFile`), a link or a device. Folders are passed over.
    struct Entry {
        /// As the archive has it.
        let path: [UInt8]
        let size: Int
        let isFile: Bool

        /// A stranger's name, fit for a terminal.
        var printableName: String {
            var scalars = String.UnicodeScalarView()
            scalars.append(
                contentsOf: String(decoding: path, as: UTF8.self).unicodeScalars
                    .map { $0.properties.generalCategory == .control ? "?" : $0 })
            return String(scalars)
        }
    }

    private let archive: OpaquePointer
    private let stream: ByteStream
    private let limit: Int
    /// Bytes of the members so far, as they say.
    private var announced = 0
    /// What went wrong while libarchive asked for bytes; it says more than libarchive's own error.
    private var streamError: DatasetError?
    /// A zip's directory says where each member is, whatever became of the one before.
    private var isSeekable = false
    private var current: Entry?
    /// Bytes of it that were read.
    private var consumed = 0

    init(_ stream: ByteStream, limits: DatasetLimits) throws(DatasetError) {
        Self.readNamesAsUTF8()
        guard let archive = archive_read_new() else {
            throw DatasetError(.unreadable, stream.name, "no memory for reading an archive")
        }
        self.archive = archive
        self.stream = stream
        limit = limits.decompressedBytes
        archive_read_support_format_tar(archive)
        archive_read_support_filter_xz(archive)
        archive_read_support_filter_zstd(archive)
        archive_read_support_filter_bzip2(archive)
        let status: CInt
        if try Self.isZip(stream.peek(4)), let descriptor = stream.plainDescriptor {
            // A zip's directory is at its end, and libarchive begins where the descriptor stands.
            lseek(descriptor, 0, SEEK_SET)
            archive_read_support_format_zip_seekable(archive)
            isSeekable = true
            status = archive_read_open_fd(archive, descriptor, 1 << 16)
        } else {
            status = archive_read_open(
                archive, Unmanaged.passUnretained(self).toOpaque(), nil,
                { _, reader, block in
                    Unmanaged<ArchiveReader>.fromOpaque(reader!).takeUnretainedValue().provide(block!)
                }, nil)
        }
        guard status == ARCHIVE_OK else { throw failure() }
    }

    deinit {
        archive_read_free(archive)
    }

    static let headerSize = 512

    /// With members and without.
    private static let zipMarks: [[UInt8]] = [[3, 4], [5, 6]].map { Array("PK".utf8) + $0 }
    /// xz, zstd, bzip2.
    private static let packedMarks: [[UInt8]] = [
        [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], [0x28, 0xb5, 0x2f, 0xfd], Array("BZh".utf8),
    ]
    private static let suffixes = [
        ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.bz2", ".tbz2", ".zip",
    ]

    /// Whether a file of this name and these first bytes (`headerSize`, if it has them) is an archive: POSIX.1-1988 and
    /// GNU tar have "ustar" in the header, the Unix V7 format only its name.
    static func recognizes(_ name: String, _ start: UnsafeRawBufferPointer) -> Bool {
        start.count >= headerSize && start[257..<262].elementsEqual("ustar".utf8) || isZip(start)
            || packedMarks.contains { start.starts(with: $0) } || suffixes.contains { name.hasSuffix($0) }
    }

    private static func isZip(_ start: UnsafeRawBufferPointer) -> Bool {
        zipMarks.contains { start.starts(with: $0) }
    }

    /// The next member that is no folder, or nil at the end, where also the compressed stream was found whole.
    func next() throws(DatasetError) -> Entry? {
        while true {
            try checkLimit()
            var entry: OpaquePointer?
            switch archive_read_next_header(archive, &entry) {
            case ARCHIVE_OK, ARCHIVE_WARN: break
            case ARCHIVE_EOF:
                if archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_TAR {
                    _ = try stream.drain()
                }
                return nil
            default: throw failure()
            }
            let kind = archive_entry_filetype(entry)
            guard kind != S_IFDIR else { continue }
            // The name as it stands there, unless it is in Unicode and the locale can't say it.
            guard let name = archive_entry_pathname(entry) ?? archive_entry_pathname_utf8(entry) else {
                throw failure()
            }
            let member = Entry(
                path: Array(UnsafeRawBufferPointer(start: name, count: strlen(name))),
                size: max(0, Int(archive_entry_size(entry))),
                isFile: kind == S_IFREG && archive_entry_hardlink(entry) == nil)
            guard archive_entry_is_data_encrypted(entry) == 0 else {
                throw DatasetError(
                    .malformed, stream.name,
                    "\(member.printableName) is encrypted; an archive without a password would be right"
                )
            }
            let (sum, overflow) = announced.addingReportingOverflow(member.size)
            announced = overflow ? .max : sum
            (current, consumed) = (member, 0)
            return member
        }
    }

    /// A member's size counts before the rest of it is passed over, which would unpack it.
    private func checkLimit() throws(DatasetError) {
        guard announced <= limit, archive_filter_bytes(archive, 0) <= limit else {
            throw DatasetError(.overLimit, stream.name, "more than \(limit) bytes after decompression")
        }
    }

    /// Consumes bytes of the member that `next` returned into `target` until it is full or the member ends.
    func read(into target: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        var filled = 0
        while filled < target.count {
            let count = try readSome(into: UnsafeMutableRawBufferPointer(rebasing: target[filled...]))
            if count == 0 { break }
            filled += count
        }
        consumed += filled
        // libarchive looks at the checksum of a stored member when it is asked for what comes after its last byte.
        if filled > 0, consumed == current?.size {
            var beyond: UInt8 = 0
            _ = try withUnsafeMutableBytes(of: &beyond) { byte in
                Result { () throws(DatasetError) in try readSome(into: byte) }
            }.get()
        }
        return filled
    }

    private func readSome(into target: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        let count = archive_read_data(archive, target.baseAddress, target.count)
        guard count >= 0 else {
            throw streamError == nil && (isSeekable || count >= Int(ARCHIVE_FAILED)) ? damage() : failure()
        }
        return count
    }

    /// libarchive's read callback: the next bytes, 0 at the end.
    private func provide(_ block: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        do {
            let bytes = try stream.nextBlock()
            block.pointee = bytes.baseAddress
            return bytes.count
        } catch {
            streamError = error
            return Int(ARCHIVE_FATAL)
        }
    }

    /// libarchive makes names what the locale says, and in the locale that every program begins with it loses all but ASCII.
    /// It has to be called once before the process is confined, since the locale is in a file.
    static func readNamesAsUTF8() { _ = isUTF8 }

    private static let isUTF8 = setlocale(LC_CTYPE, "C.UTF-8") != nil

    /// Of the member alone; the archive can be read on.
    private func damage() -> DatasetError {
        let member = current.map { ": \($0.printableName)" } ?? ""
        return DatasetError(.damaged, stream.name + member, "it is damaged in its archive: \(reason)")
    }

    private var reason: String { archive_error_string(archive).map { String(cString: $0) } ?? "unknown error" }

    private func failure() -> DatasetError {
        if let streamError { return streamError }
        let kind = stream.name.hasSuffix(".zip") ? "zip" : "tar"
        return DatasetError(.malformed, stream.name, "not a whole \(kind) archive: \(reason)")
    }
}
