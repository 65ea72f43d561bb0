import CZlib
import Glibc

/// A file that a user gave: its path, and the name by which the user knows it, which also says what it is.
public struct SourceFile: Sendable {
    public let name: String
    public let path: String

    public init(name: String, path: String) {
        self.name = name
        self.path = path
    }
}

/// The bytes of one regular file from its start to its end, decompressed if it is gzipped.
///
/// zlib and not libarchive reads gzip, because libarchive (3.6.2) does not verify the CRC: a flipped bit in a stored block
/// would go unnoticed.
final class ByteStream {
    private enum Source {
        case plain(descriptor: Int32)
        case gzip(gzFile)
    }

    private static let bufferSize = 256 << 10
    private static let gzipMagic: [UInt8] = [0x1f, 0x8b]

    let name: String
    /// Bytes of the file, where they are known without decompressing it.
    let size: Int?
    /// The file's own, where it is not decompressed.
    var plainDescriptor: Int32? { if case .plain(let descriptor) = source { descriptor } else { nil } }
    private let source: Source
    private let limit: Int
    /// Decompressed bytes taken from the source so far.
    private var taken = 0
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 16)
    /// The part of `buffer` that was not consumed yet.
    private var pending = 0..<0

    init(_ file: SourceFile, limits: DatasetLimits) throws(DatasetError) {
        name = file.name
        limit = limits.decompressedBytes
        (source, size) = try Self.open(file)
    }

    deinit {
        buffer.deallocate()
        switch source {
        case .plain(let descriptor): close(descriptor)
        case .gzip(let file): gzclose(file)
        }
    }

    /// Up to `count` of the next bytes, without consuming them; fewer only at the end of the file.
    func peek(_ count: Int) throws(DatasetError) -> UnsafeRawBufferPointer {
        precondition(count <= Self.bufferSize)
        if pending.lowerBound + count > Self.bufferSize {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[pending]))
            pending = 0..<pending.count
        }
        while pending.count < count {
            let received = try take(into: UnsafeMutableRawBufferPointer(rebasing: buffer[pending.upperBound...]))
            if received == 0 { break }
            pending = pending.lowerBound..<pending.upperBound + received
        }
        return UnsafeRawBufferPointer(rebasing: buffer[pending].prefix(count))
    }

    /// Consumes and returns the next bytes, as many as are at hand; none at the end. They are valid until the next call.
    func nextBlock() throws(DatasetError) -> UnsafeRawBufferPointer {
        if pending.isEmpty { pending = 0..<(try take(into: buffer)) }
        defer { pending = pending.upperBound..<pending.upperBound }
        return UnsafeRawBufferPointer(rebasing: buffer[pending])
    }

    /// Consumes bytes into `target` until it is full or the file ends; returns how many.
    func read(into target: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        var filled = 0
        while filled < target.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: target[filled...])
            if pending.isEmpty { pending = 0..<(try take(into: buffer)) }
            if pending.isEmpty { break }
            let part = pending.prefix(rest.count)
            rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[part]))
            pending = part.upperBound..<pending.upperBound
            filled += part.count
        }
        return filled
    }

    /// Consumes the rest and returns its length. A gzip checksum is verified only by reading to the end.
    func drain() throws(DatasetError) -> Int {
        var count = 0
        while true {
            let block = try nextBlock()
            if block.isEmpty { return count }
            count += block.count
        }
    }

    private static func open(_ file: SourceFile) throws(DatasetError) -> (Source, size: Int?) {
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        let descriptor = Glibc.open(file.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(file.name, errno: errno) }
        var isOwned = true
        defer { if isOwned { close(descriptor) } }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(file.name, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DatasetError(.unreadable, file.name, "it is not a regular file")
        }
        var start: [UInt8] = [0, 0]
        guard pread(descriptor, &start, start.count, 0) >= 0 else { throw .unreadable(file.name, errno: errno) }
        // A .bin is a row of records, whatever its first two bytes happen to be.
        if start == gzipMagic && !file.name.hasSuffix(".bin") {
            guard let gzip = gzdopen(descriptor, "rb") else { throw .unreadable(file.name, errno: ENOMEM) }
            isOwned = false
            gzbuffer(gzip, UInt32(bufferSize))
            return (.gzip(gzip), nil)
        }
        isOwned = false
        return (.plain(descriptor: descriptor), Int(status.st_size))
    }

    /// Reads once from the source; 0 is the end, found whole.
    private func take(into target: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        let count: Int
        switch source {
        case .plain(let descriptor):
            var received = Glibc.read(descriptor, target.baseAddress, target.count)
            while received < 0 && errno == EINTR {
                received = Glibc.read(descriptor, target.baseAddress, target.count)
            }
            guard received >= 0 else { throw .unreadable(name, errno: errno) }
            count = received
        case .gzip(let file):
            count = Int(gzread(file, target.baseAddress, UInt32(target.count)))
            // A file cut off in the middle is no error of gzread's; only gzerror tells.
            var code: Int32 = Z_OK
            let message = gzerror(file, &code)
            guard count >= 0, count > 0 || code != Z_BUF_ERROR else {
                guard code != Z_ERRNO else { throw .unreadable(name, errno: errno) }
                throw DatasetError(
                    .malformed, name, "the gzip data is corrupt before byte \(gzoffset(file)): \(Self.reason(message))")
            }
        }
        taken += count
        guard taken <= limit else {
            throw DatasetError(.overLimit, name, "more than \(limit) bytes after decompression")
        }
        return count
    }

    /// zlib's message without the name that it has for the file, "<fd:3>: ".
    private static func reason(_ message: UnsafePointer<CChar>?) -> Substring {
        message.flatMap { String(cString: $0).split(separator: ": ", maxSplits: 1).last } ?? "unknown error"
    }
}
