import CArchive

/// The regular files of a tar archive, read as a stream through libarchive; nothing is unpacked to disk.
///
/// Source: libarchive's archive_read(3), archive_read_data(3).
final class TarReader {
    private let archive: OpaquePointer
    private let stream: ByteStream
    /// What went wrong while libarchive asked for bytes; it says more than libarchive's own error.
    private var streamError: DatasetError?

    init(_ stream: ByteStream) throws(DatasetError) {
        guard let archive = archive_read_new() else {
            throw DatasetError(.unreadable, stream.name, "no memory for reading an archive")
        }
        self.archive = archive
        self.stream = stream
        archive_read_support_format_tar(archive)
        let status = archive_read_open(
            archive, Unmanaged.passUnretained(self).toOpaque(), nil,
            { _, reader, block in
                Unmanaged<TarReader>.fromOpaque(reader!).takeUnretainedValue().provide(block!)
            }, nil)
        guard status == ARCHIVE_OK else { throw failure() }
    }

    deinit {
        archive_read_free(archive)
    }

    static let headerSize = 512

    /// Whether a file of this name and these first bytes (`headerSize`, if it has them) is a tar archive: POSIX.1-1988 and
    /// GNU tar have "ustar" in the header, the Unix V7 format only its name.
    static func recognizes(_ name: String, _ start: UnsafeRawBufferPointer) -> Bool {
        start.count >= headerSize && start[257..<262].elementsEqual("ustar".utf8)
            || [".tar", ".tar.gz", ".tgz"].contains { name.hasSuffix($0) }
    }

    /// The next regular file's path and size, or nil at the end, where also the compressed stream was found whole.
    func next() throws(DatasetError) -> (name: String, size: Int)? {
        while true {
            var entry: OpaquePointer?
            switch archive_read_next_header(archive, &entry) {
            case ARCHIVE_OK, ARCHIVE_WARN: break
            case ARCHIVE_EOF:
                _ = try stream.drain()
                return nil
            default: throw failure()
            }
            guard archive_entry_filetype(entry) == S_IFREG, archive_entry_hardlink(entry) == nil else { continue }
            // The name as it stands there, unless it is in Unicode and the locale can't say it.
            guard let name = archive_entry_pathname(entry) ?? archive_entry_pathname_utf8(entry) else {
                throw failure()
            }
            return (Self.printable(String(cString: name)), Int(archive_entry_size(entry)))
        }
    }

    /// Consumes bytes of the file that `next` returned into `target` until it is full or the file ends.
    func read(into target: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        var filled = 0
        while filled < target.count {
            let count = archive_read_data(archive, target.baseAddress! + filled, target.count - filled)
            guard count >= 0 else { throw failure() }
            if count == 0 { break }
            filled += count
        }
        return filled
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

    /// A stranger's name, fit for a terminal.
    private static func printable(_ name: String) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: name.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 })
        return String(scalars)
    }

    private func failure() -> DatasetError {
        if let streamError { return streamError }
        let reason = archive_error_string(archive).map { String(cString: $0) } ?? "unknown error"
        return DatasetError(.malformed, stream.name, "not a whole tar archive: \(reason)")
    }
}
