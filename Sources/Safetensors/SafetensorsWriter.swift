import Glibc

/// Writes a safetensors file of any size without holding it in memory: what the tensors are is said first, then their
/// bytes are written, each in its place and in any order.
///
/// Until `commit()` the file is a temporary one beside the target, readable by its owner alone; if the writer goes
/// before that, so does the temporary file, and the target is as it was.
public final class SafetensorsWriter {
    public let path: String
    public let header: SafetensorsHeader
    private let temporaryPath: String
    private let descriptor: Int32
    /// What has been written of each tensor: bytes of the file.
    private var written = RangeSet<Int>()
    private var isCommitted = false

    /// - Precondition: names are unique and not `__metadata__`.
    public init(path: String, tensors: [TensorDeclaration], metadata: [String: String]) throws(SafetensorsError) {
        let (header, bytes) = try SafetensorsHeader.layOut(tensors, metadata: metadata, path: path)
        let temporaryPath = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(path: path, errno: errno) }
        self.path = path
        self.header = header
        self.descriptor = descriptor
        self.temporaryPath = temporaryPath
        try bytes.withUnsafeBufferPointer { bytes throws(SafetensorsError) in
            try write(UnsafeRawBufferPointer(bytes), at: 0)
        }
    }

    deinit {
        close(descriptor)
        if !isCommitted { unlink(temporaryPath) }
    }

    /// Writes a part of a tensor, `offset` bytes after its start.
    ///
    /// - Precondition: the tensor was declared, the part lies within it, and none of it was written before.
    public func write(
        _ bytes: UnsafeRawBufferPointer, to name: String, at offset: Int = 0
    ) throws(SafetensorsError) {
        guard let whole = header.tensors[name]?.byteRange else { preconditionFailure("no tensor \(name) was declared") }
        precondition(offset >= 0 && bytes.count <= whole.count - offset, "\(name) has only \(whole.count) bytes")
        try write(bytes, at: whole.lowerBound + offset)
    }

    /// Puts the file in its place: when this returns, it is whole and on disk under its name, also after a power cut.
    ///
    /// - Precondition: every byte of every tensor was written.
    public func commit() throws(SafetensorsError) {
        let end = header.tensors.values.map(\.byteRange.upperBound).max()
        precondition(
            written.ranges.count == 1 && (end == nil || written.ranges[0].upperBound == end),
            "\(path): not every tensor was written")
        guard fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else {
            throw .unwritable(path: path, errno: errno)
        }
        isCommitted = true
        try syncDirectory()
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(SafetensorsError) {
        let range = position..<position + bytes.count
        precondition(written.intersection(RangeSet(range)).isEmpty, "bytes \(range) were written before")
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(position + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw .unwritable(path: path, errno: errno)
            }
            done += count
        }
        written.insert(contentsOf: range)
    }

    private func syncDirectory() throws(SafetensorsError) {
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unwritable(path: path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unwritable(path: path, errno: errno) }
    }
}
