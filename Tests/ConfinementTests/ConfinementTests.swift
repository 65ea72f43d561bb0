import Foundation
import TestSupport
import Testing

@Suite struct ConfinementTests {
    @Test func aConfinedProcessCanDoItsWorkAndNothingElse() throws {
        let scratch = try ScratchDirectory()
        let dataset = try scratch.write("blobs/dataset", [1])
        let foreign = try scratch.write("jobs/8/checkpoint", [2])
        try scratch.write("jobs/7/log", [])
        let probe = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("confinement-probe")
        let output = String(
            decoding: try Oracle.run(probe.path, [dataset, scratch["jobs/7"], foreign]), as: UTF8.self)
        var results: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            results[String(parts[0])] = String(parts[1])
        }
        for name in ["read-own", "write-own", "rename-own", "thread"] { #expect(results[name] == "0", "\(name)") }
        for name in ["socket", "spawn", "exec", "kill"] { #expect(results[name] == "\(EPERM)", "\(name)") }
        // Where the kernel has no Landlock the process says so, and files are open.
        let hasLandlock = results["shortfall"] == "none"
        #expect(hasLandlock || results["shortfall"]?.contains("Landlock") == true)
        for name in ["change-readable", "read-foreign", "list-foreign"] where hasLandlock {
            #expect(results[name] == "\(EACCES)", "\(name)")
        }
    }
}
