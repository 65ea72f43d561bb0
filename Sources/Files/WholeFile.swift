internal import Glibc

/// A file that is there whole or not at all. Until `commit()` it is a temporary one beside its place; if this object goes
/// before that, so does the temporary file, and what was in its place stays as it was.
public final class WholeFile {
    public let path: String
    private let temporary: String
    private let descriptor: CInt
    private var isCommitted = false

    /// - Parameter mode: less what the process's mask takes.
    public init(path: String, mode: UInt32) throws(FileError) {
        self.path = path
        temporary = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .last("open", path) }
    }

    deinit {
        close(descriptor)
        if !isCommitted { unlink(temporary) }
    }

    /// Writes bytes in their place.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        try Self.write(bytes, at: offset, to: descriptor, path)
    }

    /// Puts the file in its place: when this returns, it is on the disk under its name, also after a power cut.
    public func commit() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw .last("fsync", path) }
        guard rename(temporary, path) == 0 else { throw .last("rename", path) }
        isCommitted = true
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        try Directory.synchronize(directory)
    }

    /// Writes all of the bytes to an open file, in their place; `path` goes into the error.
    public static func write(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, to descriptor: CInt, _ path: String
    ) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw .last("write", path)
            }
        }
    }
}
