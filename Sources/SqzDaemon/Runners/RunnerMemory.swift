internal import CProcess
internal import Files
internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// How much memory a runner may have, and how to tell that one ended because it had none.
enum RunnerMemory {
    /// Limits a runner's memory for data (setrlimit(2): heap, stacks, all that is mapped for it alone and writable; not the
    /// data set, which is mapped to be read). What it starts inherits the limit.
    static func limit(_ process: pid_t, toMiB size: Int) throws {
        guard sqz_limit_data(process, UInt(size) << 20) == 0 else { throw DaemonError.last("prlimit", "runner") }
    }

    /// Three quarters of the machine's memory, in MiB.
    static var standardMiB: Int { (sysconf(CInt(_SC_PHYS_PAGES)) * sysconf(CInt(_SC_PAGESIZE))) >> 20 * 3 / 4 }

    /// Whether a line is what a program says when it gets no memory: Swift's runtime, Python, C++, perror(3).
    static func tellsOfWant(_ line: String) -> Bool {
        ["failed to allocate", "MemoryError", "bad_alloc", "Cannot allocate memory"].contains { line.contains($0) }
    }
}

/// The kernel's count of processes of this service that it killed for memory: `oom_kill` in the `memory.events` of the cgroup
/// (v2; elsewhere there is none, and nothing is claimed).
final class MemoryKills: Sendable {
    /// Those since the daemon started.
    static let own = MemoryKills()

    private let file: String
    private let seen: Mutex<Int>

    private init() {
        let group = (KernelFile.text(of: "/proc/self/cgroup") ?? "").split(separator: "\n").first {
            $0.hasPrefix("0::")
        }
        file = "/sys/fs/cgroup" + (group.map { String($0.dropFirst(3)) } ?? "") + "/memory.events"
        seen = Mutex(Self.count(in: file))
    }

    /// Whether there is one that nobody has claimed yet; the caller then has claimed it.
    func claim() -> Bool {
        seen.withLock { seen in
            guard Self.count(in: file) > seen else { return false }
            seen += 1
            return true
        }
    }

    private static func count(in file: String) -> Int {
        let line = (KernelFile.text(of: file) ?? "").split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line.flatMap { Int($0.dropFirst("oom_kill ".count)) } ?? 0
    }
}
