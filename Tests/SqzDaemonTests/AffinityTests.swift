import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Threads for the processors that there are to use, not for those that the machine has.
@Suite struct AffinityTests {
    @Test(arguments: [nil, 8]) func aJobTakesNoMoreThreadsThanTheAffinityAllows(asked: Int64?) throws {
        let daemon = try TestDaemon(launcher: ["taskset", "--cpu-list", "0"])
        let info = try daemon.call(ManagerInterface.Info.self, NoParameters())
        #expect(info.usableProcessors == 1)
        #expect(info.usableReason == (info.processors > 1 ? "CPU affinity" : nil))
        try daemon.importColours()
        let job = try daemon.train(as: "model", options: asked.map { ["threads": .integer($0)] } ?? [:])
        #expect(job.state == .succeeded)
        let log = try daemon.call(JobsInterface.Logs.self, .init(id: job.id)).lines
        #expect(log.contains { $0.contains(", 1 thread,") }, "\(log)")
    }
}
