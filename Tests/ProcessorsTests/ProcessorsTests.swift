import Foundation
import Processors
import TestSupport
import Testing

@Suite struct ProcessorsTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func write(_ path: String, _ text: String) throws {
        let folder = (scratch[path] as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try text.write(toFile: scratch[path], atomically: false, encoding: .utf8)
    }

    private func processors(online: Int = 8, allowed: Int = 8, _ groups: String) -> Processors {
        Processors(online: online, allowed: allowed, groups: groups, root: scratch.path)
    }

    @Test func withoutLimitsAllAreUsed() {
        #expect(processors("") == processors("0::/none\n"))
        #expect(processors("").count == 8 && processors("").reason == nil)
    }

    @Test func anAffinityIsKept() {
        #expect(processors(allowed: 3, "").count == 3)
        #expect(processors(allowed: 3, "").reason == "CPU affinity")
    }

    @Test func theLeastQuotaOfAllGroupsAboveCounts() throws {
        try write("system.slice/sqzd.service/cpu.max", "max 100000\n")
        try write("system.slice/cpu.max", "150000 100000\n")
        let found = processors("0::/system.slice/sqzd.service\n")
        #expect(found.count == 2 && found.reason == "CPU quota of /system.slice, 150 %")
        try write("system.slice/sqzd.service/cpu.max", "20000 100000\n")
        let less = processors("0::/system.slice/sqzd.service\n")
        #expect(less.count == 1 && less.reason == "CPU quota of /system.slice/sqzd.service, 20 %")
        // What allows less is what is told.
        #expect(processors(allowed: 1, "0::/system.slice\n").reason == "CPU affinity")
    }

    @Test func theFirstVersionOfControlGroupsIsReadToo() throws {
        try write("cpu/jobs/cpu.cfs_quota_us", "300000\n")
        try write("cpu/jobs/cpu.cfs_period_us", "100000\n")
        try write("cpu/cpu.cfs_quota_us", "-1\n")
        try write("cpu/cpu.cfs_period_us", "100000\n")
        let found = processors("9:memory:/other\n4:cpu,cpuacct:/jobs\n0::/\n")
        #expect(found.count == 3 && found.reason == "CPU quota of /jobs, 300 %")
    }

    @Test func thisProcessHasSome() {
        #expect((1...sysconf(Int32(_SC_NPROCESSORS_ONLN))).contains(Processors.current.count))
    }
}
