internal import Glibc

/// What the kernel says in a small file, such as those of proc(5) and of control groups.
public enum KernelFile {
    /// Its first 4 KiB; nil where there is no such file, or it can't be read.
    public static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
