internal import CLandlock
internal import CSeccomp
internal import Glibc

/// What a process gives up before it touches bytes that it has no reason to trust: every file but the ones it works on
/// (Landlock), and every system call but the ones that computing and files need (seccomp), starting programs and opening
/// sockets among them. It can't be taken back, and holds for threads that are started later.
public struct Confinement: Sendable {
    /// Files, and directories with all below them.
    public var readable: [String]
    public var writable: [String]
    /// Whether it may go on to speak over the sockets that it has. Threads that it has are then confined too, but for the files.
    public var speaks: Bool

    public init(readable: [String] = [], writable: [String] = [], speaks: Bool = false) {
        self.readable = readable
        self.writable = writable
        self.speaks = speaks
    }

    /// Of the kernel; 0 where it has none, so that runners can read what their user can.
    public static var landlockVersion: Int { Int(sqz_landlock_version()) }

    /// What the kernel could not do, in words; nil where all of it holds.
    public typealias Shortfall = String

    /// Confines this process. To be called while it has one thread, or one that speaks none that reads what is not trusted.
    public func enforce() throws(ConfinementError) -> Shortfall? {
        let isConfined = try confineFiles()
        try SystemCalls.confine(speaks: speaks)
        return isConfined ? nil : "this kernel has no Landlock: files are not confined"
    }

    private func confineFiles() throws(ConfinementError) -> Bool {
        let version = sqz_landlock_version()
        guard version > 0 else { return false }
        let ruleset = sqz_landlock_create(version)
        guard ruleset >= 0 else {
            // Present, but not allowed here, as in some containers.
            guard errno != EPERM && errno != EOPNOTSUPP else { return false }
            throw ConfinementError(call: "landlock_create_ruleset", code: errno)
        }
        defer { close(ruleset) }
        // How many processors there are is asked of the kernel there.
        let processors = "/sys/devices/system/cpu"
        let system = access(processors, R_OK) == 0 ? [processors] : []
        let rules: [(String, CInt)] = (readable + system).map { ($0, 0) } + writable.map { ($0, 1) }
        for (path, isWritable) in rules {
            guard sqz_landlock_allow(ruleset, version, path, isWritable) == 0 else {
                throw ConfinementError(call: "landlock_add_rule \(path)", code: errno)
            }
        }
        guard sqz_landlock_enforce(ruleset) == 0 else {
            throw ConfinementError(call: "landlock_restrict_self", code: errno)
        }
        return true
    }
}

/// A system call that failed while confining.
public struct ConfinementError: Error, CustomStringConvertible {
    let call: String
    let code: CInt

    public var description: String { "\(call): \(String(cString: strerror(code)))" }
}
