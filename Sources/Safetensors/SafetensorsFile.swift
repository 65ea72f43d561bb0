import Glibc

/// A safetensors file, mapped read-only: its tensors cost no memory but the page cache.
///
/// The header is checked when the file is opened, so that every byte range lies within the mapping. The file must not
/// be shortened while it is mapped (a read would then raise SIGBUS): what sqzd keeps is never changed in place.
///
/// `@unchecked Sendable`: the mapping is read-only, never changes after `init`, and is unmapped by the last owner.
public final class SafetensorsFile: @unchecked Sendable {
    public let path: String
    public let header: SafetensorsHeader
    private let mapping: UnsafeRawBufferPointer

    public var tensors: [String: TensorInfo] { header.tensors }
    public var metadata: [String: String] { header.metadata }

    public init(mapping path: String) throws(SafetensorsError) {
        let mapping = try Self.map(path)
        do {
            header = try SafetensorsHeader(parsing: mapping, path: path)
        } catch {
            Self.unmap(mapping)
            throw error
        }
        self.path = path
        self.mapping = mapping
    }

    deinit {
        Self.unmap(mapping)
    }

    /// The bytes of one of `tensors`, valid as long as this object. They are aligned as the file is: to the element in
    /// the files that we write, to nothing in others'.
    public func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: mapping[tensor.byteRange])
    }

    private static func map(_ path: String) throws(SafetensorsError) -> UnsafeRawBufferPointer {
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, errno: errno) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .malformed(path: path, problem: "it is not a regular file")
        }
        // mmap refuses an empty range.
        guard status.st_size > 0 else { throw .malformed(path: path, problem: "the file is empty") }
        guard let address = mmap(nil, status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED
        else { throw .unreadable(path: path, errno: errno) }
        return UnsafeRawBufferPointer(start: address, count: status.st_size)
    }

    private static func unmap(_ mapping: UnsafeRawBufferPointer) {
        munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress), mapping.count)
    }
}
