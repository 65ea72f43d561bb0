internal import Dispatch
internal import Files
internal import FoundationEssentials
internal import Glibc

/// Memory that gets scarce, as systemd has its services watch for it: `$MEMORY_PRESSURE_WATCH` and `$MEMORY_PRESSURE_WRITE`
/// (https://systemd.io/MEMORY_PRESSURE).
public enum MemoryPressure {
    /// An element each time memory is scarce, until the other side ends; nil where nothing is to be watched.
    public static func events() throws -> AsyncStream<Void>? {
        guard let path = getenv("MEMORY_PRESSURE_WATCH").map({ String(cString: $0) }), path != "/dev/null" else {
            return nil
        }
        let (descriptor, awaited) = try open(path)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // A thread of its own, which waits in the kernel for as long as the process lives.
        DispatchQueue(label: "memory-pressure").async {
            while comes(to: descriptor, awaited) { continuation.yield() }
            close(descriptor)
            continuation.finish()
        }
        return stream
    }

    /// The open file or connected socket, and what poll(2) is to wait for.
    private static func open(_ path: String) throws -> (descriptor: CInt, awaited: CInt) {
        let text = getenv("MEMORY_PRESSURE_WRITE").map { String(cString: $0) }
        var status = stat()
        guard stat(path, &status) == 0 else { throw SystemdError(call: "stat \(path)", code: errno) }
        let kind = status.st_mode & S_IFMT
        let descriptor: CInt
        if kind == S_IFSOCK {
            descriptor = try connect(path)
        } else {
            // For writing, too, in any case where it is a FIFO: so it never ends.
            let mode = text == nil && kind != S_IFIFO ? O_RDONLY : O_RDWR
            descriptor = Glibc.open(path, mode | O_CLOEXEC | O_NOCTTY)
            guard descriptor >= 0 else { throw SystemdError(call: "open \(path)", code: errno) }
        }
        if let text {
            guard let bytes = Data(base64Encoded: text), write(descriptor, Array(bytes), bytes.count) == bytes.count
            else {
                close(descriptor)
                throw SystemdError(call: "write \(path)", code: errno)
            }
        }
        return (descriptor, kind == S_IFSOCK || kind == S_IFIFO ? POLLIN : POLLPRI)
    }

    private static func connect(_ path: String) throws -> CInt {
        do throws(FileError) {
            return try UnixSocket.connected(to: path)
        } catch {
            throw SystemdError(call: error.call == "connect" ? "connect \(path)" : error.call, code: error.code)
        }
    }

    /// Waits; false where nothing more will come.
    private static func comes(to descriptor: CInt, _ awaited: CInt) -> Bool {
        while true {
            var watched = pollfd(fd: descriptor, events: Int16(awaited), revents: 0)
            guard poll(&watched, 1, -1) >= 0 else {
                guard errno == EINTR else { return false }
                continue
            }
            guard CInt(watched.revents) & awaited != 0 else { return false }
            guard awaited == POLLIN else { return true }
            // What is sent says nothing; taken away, so that the next is seen.
            var bytes = [UInt8](repeating: 0, count: 4_096)
            return read(descriptor, &bytes, bytes.count) > 0
        }
    }
}
