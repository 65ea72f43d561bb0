public import Foundation

/// Processes that are not this one's children.
public enum ProcessTable {
    /// The children of a process, from proc_pid_stat(5), but for the one that the thread sanitizer starts in it.
    public static func children(of parent: pid_t) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(pid_t.init).filter { pid in
            // One that ended meanwhile has no file any more, and is nobody's child.
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return false }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.lastIndex(of: ")") else { return false }
            let (state, ofParent) = (text[end...].split(separator: " ")[1], text[end...].split(separator: " ")[2])
            // One that ended and is not collected yet is no process any more.
            return state != "Z" && ofParent == "\(parent)" && !text.contains("(llvm-symbolizer)")
        }.sorted()
    }

    /// The words of its command line.
    public static func command(of pid: pid_t) -> [String] {
        let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Descriptors that a process has open.
    public static func descriptors(of pid: pid_t) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
    }
}

/// A running process, held by a descriptor: unlike a number it never comes to mean another one (pidfd_open(2)).
public final class ProcessHandle: Sendable {
    let descriptor: CInt

    public init(_ pid: pid_t) throws {
        descriptor = try GNU.openProcess(pid)
    }

    deinit { close(descriptor) }

    /// Waits for its end, at most for a minute; tells whether it came.
    public func waitForEnd() -> Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let ready = poll(&watched, 1, 60_000)
            if ready >= 0 || errno != EINTR { return ready == 1 }
        }
    }
}
