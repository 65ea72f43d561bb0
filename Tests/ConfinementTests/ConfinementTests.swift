import Foundation
import TestSupport
import Testing

@Suite struct ConfinementTests {
    /// What a process that confined itself could do, by the names of `ConfinementProbe`.
    private func results(speaks: Bool) throws -> [String: String] {
        let scratch = try ScratchDirectory()
        let dataset = try scratch.write("blobs/dataset", [1])
        let foreign = try scratch.write("jobs/8/checkpoint", [2])
        try scratch.write("jobs/7/log", [])
        let probe = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("confinement-probe")
        let arguments = [dataset, scratch["jobs/7"], foreign] + (speaks ? ["speaks"] : [])
        let output = String(decoding: try Oracle.run(probe.path, arguments), as: UTF8.self)
        var results: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            results[String(parts[0])] = String(parts[1])
        }
        return results
    }

    @Test(arguments: [false, true]) func aConfinedProcessCanDoItsWorkAndNothingElse(speaks: Bool) throws {
        let results = try results(speaks: speaks)
        for name in ["read-own", "write-own", "rename-own", "thread"] { #expect(results[name] == "0", "\(name)") }
        for name in ["socket", "spawn", "exec", "kill"] { #expect(results[name] == "\(EPERM)", "\(name)") }
        #expect(results["restart"] == "\(EINTR)")
        for name in ["send", "receive"] { #expect(results[name] == (speaks ? "0" : "\(EPERM)"), "\(name)") }
        #expect(results["socket-of-older-thread"] == (speaks ? "\(EPERM)" : nil))
        // Where the kernel has no Landlock the process says so, and files are open.
        let hasLandlock = results["shortfall"] == "none"
        #expect(hasLandlock || results["shortfall"]?.contains("Landlock") == true)
        for name in ["change-readable", "read-foreign", "list-foreign"] where hasLandlock {
            #expect(results[name] == "\(EACCES)", "\(name)")
        }
    }
}
