internal import Glibc
internal import Safetensors

/// A file's bytes, mapped read-only. The file must not be shortened while it is mapped.
final class MappedBytes {
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws {
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SafetensorsError.unreadable(path: path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SafetensorsError.unreadable(path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
            throw ModelFileError("it is not a regular file that has something in it")
        }
        guard let address = mmap(nil, status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED
        else { throw SafetensorsError.unreadable(path: path, errno: errno) }
        bytes = UnsafeRawBufferPointer(start: address, count: status.st_size)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
