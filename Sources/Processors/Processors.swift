internal import CProcess
internal import Files
internal import Glibc

/// How many processors this process may use, and what says so: no more than its affinity (sched_setaffinity(2), `AllowedCPUs=`,
/// `taskset`), and no more than the quota of its control group and of each one above it (`CPUQuota=`; cgroups(7), both versions).
/// More threads than that only wait for each other.
public struct Processors: Equatable, Sendable {
    public let count: Int
    /// What allows no more, where that is not the machine itself: `CPU affinity` or `CPU quota of /system.slice, 150 %`.
    public let reason: String?

    /// - Parameters:
    ///   - online: processors of the machine.
    ///   - allowed: those of them that the affinity allows.
    ///   - groups: the text of `/proc/self/cgroup`.
    ///   - root: where control groups are mounted.
    public init(online: Int, allowed: Int, groups: String, root: String = "/sys/fs/cgroup") {
        let quota = Self.quotas(groups, root).min { $0.share < $1.share }
        // A quota of one and a half is used up by two threads only.
        let quotaCount = quota.map { max(1, Int($0.share.rounded(.up))) } ?? .max
        count = max(1, min(online, allowed, quotaCount))
        if let quota, quotaCount == count, quotaCount < min(online, allowed) {
            reason = "CPU quota of \(quota.group), \(Int((quota.share * 100).rounded())) %"
        } else {
            reason = allowed < online ? "CPU affinity" : nil
        }
    }

    /// Those of this process, here and now.
    public static var current: Processors {
        let online = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        let allowed = Int(sqz_allowed_processors())
        return Processors(
            online: online, allowed: allowed > 0 ? allowed : online,
            groups: KernelFile.text(of: "/proc/self/cgroup") ?? "")
    }

    /// Processors' worth of time that each group has that this process is in.
    private static func quotas(_ groups: String, _ root: String) -> [(group: String, share: Double)] {
        groups.split(separator: "\n").flatMap { line -> [(group: String, share: Double)] in
            // number:controllers:path; version 2 has neither number nor controllers.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            let isSecond = fields[0] == "0" && fields[1].isEmpty
            guard isSecond || fields[1].split(separator: ",").contains("cpu") else { return [] }
            let mount = isSecond ? root : "\(root)/cpu"
            return ancestors(of: String(fields[2])).compactMap { group in
                let folder = mount + (group == "/" ? "" : group)
                let share = isSecond ? second(folder) : first(folder)
                return share.map { (group, $0) }
            }
        }
    }

    /// `cpu.max` is a quota, or "max", and a period.
    private static func second(_ folder: String) -> Double? {
        KernelFile.text(of: folder + "/cpu.max").flatMap { text in
            let words = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
            return words.count == 2 ? share(words[0], of: words[1]) : nil
        }
    }

    /// A quota of -1 is none.
    private static func first(_ folder: String) -> Double? {
        func number(_ name: String) -> Double? {
            KernelFile.text(of: "\(folder)/\(name)").flatMap { Double($0.prefix { !$0.isWhitespace }) }
        }
        return share(number("cpu.cfs_quota_us"), of: number("cpu.cfs_period_us"))
    }

    private static func share(_ quota: Double?, of period: Double?) -> Double? {
        guard let quota, let period, quota > 0, period > 0 else { return nil }
        return quota / period
    }

    /// `/a/b`, `/a` and `/`.
    private static func ancestors(of group: String) -> [String] {
        let parts = group.split(separator: "/")
        return (0...parts.count).reversed().map { "/" + parts.prefix($0).joined(separator: "/") }
    }
}
