internal import Files

/// Writes a safetensors file of any size without holding it in memory: what the tensors are is said first, then their
/// bytes are written, each in its place and in any order.
///
/// Until `commit()` the file is a temporary one beside the target, readable by its owner alone; if the writer goes
/// before that, so does the temporary file, and the target is as it was.
public final class SafetensorsWriter {
    public let path: String
    public let header: SafetensorsHeader
    private let file: WholeFile
    /// What has been written of each tensor: bytes of the file.
    private var written = RangeSet<Int>()

    /// - Precondition: names are unique and not `__metadata__`.
    public init(path: String, tensors: [TensorDeclaration], metadata: [String: String]) throws(SafetensorsError) {
        let (header, bytes) = try SafetensorsHeader.layOut(tensors, metadata: metadata, path: path)
        do throws(FileError) { file = try WholeFile(path: path, mode: 0o600) } catch {
            throw .unwritable(path: path, errno: error.code)
        }
        self.path = path
        self.header = header
        try bytes.withUnsafeBufferPointer { bytes throws(SafetensorsError) in
            try write(UnsafeRawBufferPointer(bytes), at: 0)
        }
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
        try mapped { () throws(FileError) in try file.commit() }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(SafetensorsError) {
        let range = position..<position + bytes.count
        precondition(written.intersection(RangeSet(range)).isEmpty, "bytes \(range) were written before")
        try mapped { () throws(FileError) in try file.write(bytes, at: position) }
        written.insert(contentsOf: range)
    }

    private func mapped(_ body: () throws(FileError) -> Void) throws(SafetensorsError) {
        do throws(FileError) { try body() } catch { throw .unwritable(path: path, errno: error.code) }
    }
}
