import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A runner that gets no more memory fails its job by that name.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon(
            runners: [.squeezenet, .python("glutton", describe: "offer('glutton')", run: "bytearray(600 << 20)")],
            configuration: ["runnerMemoryMiB": .integer(100)])
        try daemon.importColours()
        return daemon
    }) struct RunnerMemoryTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func aProgramThatGetsNoneIsToldFromOneThatCrashes() throws {
        let job = try daemon.end(of: daemon.submit(.init(kind: "glutton")))
        #expect(job.state == .failed && job.starts == 1)
        #expect(
            job.reason == "the runner failed: out of memory: MemoryError; a runner may have 100 MiB (runnerMemoryMiB)")
    }

    @Test func aTrainingThatNeedsMoreSaysSo() throws {
        let options: [String: JSONValue] = [
            "arch": .string("squeezenet-1.0"), "resize": .integer(224), "batch-size": .integer(128),
            "threads": .integer(1),
        ]
        let job = try daemon.train(options: options)
        #expect(job.state == .failed)
        let reason = try #require(job.reason)
        #expect(reason.contains("out of memory: ") && reason.contains("runnerMemoryMiB"), "\(reason)")
        // One that fits is trained under the same limit.
        #expect(try daemon.train().state == .succeeded)
    }
}

@Suite struct StandardRunnerMemoryTests {
    @Test func itIsThreeQuartersOfTheMachines() throws {
        let daemon = try TestDaemon(runners: [
            .python(
                "teller", describe: "offer('tell')",
                run: """
                    import resource
                    log(str(resource.getrlimit(resource.RLIMIT_DATA)[0] >> 20))
                    send({'result': {}})
                    """)
        ])
        let id = try daemon.submit(.init(kind: "tell"))
        #expect(try daemon.end(of: id).state == .succeeded)
        let lines = try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines
        #expect(lines == ["\(Int(ProcessInfo.processInfo.physicalMemory >> 20) * 3 / 4)"])
        try daemon.stop()
    }
}

/// The kernel's out-of-memory killer. Its count is a file, here one of the test's own in the place of the kernel's.
@Suite struct MemoryKillTests {
    @Test(.enabled(if: geteuid() == 0, "mounting needs root")) func aRunnerThatTheKernelKilledForMemoryIsNamed()
        async throws
    {
        try await onThread {
            let scratch = try ScratchDirectory()
            let group =
                try String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8).split(separator: "\n")
                .first { $0.hasPrefix("0::") }?.dropFirst("0::/".count) ?? ""
            let events = "cgroup/\(group.isEmpty ? "" : group + "/")memory.events"
            func write(_ kills: Int) throws { try scratch.write(events, Array("oom 9\noom_kill \(kills)\n".utf8)) }
            try write(3)
            let mount = "mount --bind '\(scratch["cgroup"])' /sys/fs/cgroup && exec \"$@\""
            let daemon = try TestDaemon(
                runners: [.countdown], launcher: ["unshare", "--mount", "sh", "-c", mount, "sh"])

            func killed() throws -> String {
                let id = try daemon.block()
                kill(try daemon.runnerProcess(), SIGKILL)
                var reason: String?
                try daemon.watch(id) { event in
                    reason = event.reason
                    return reason == nil ? .more : .stop
                }
                try daemon.cancel(id)
                try daemon.end(of: id)
                return try #require(reason)
            }
            #expect(try killed().contains("killed by signal 9"))
            let id = try daemon.block()
            try write(4)
            kill(try daemon.runnerProcess(), SIGKILL)
            let job = try daemon.end(of: id)
            #expect(
                job.reason
                    == "the runner failed: out of memory: the kernel killed it, because the service or the machine had no more"
            )
            // It would have none the next time either.
            #expect(job.state == .failed && job.starts == 1)
            // One kill is one runner's end.
            #expect(try killed().contains("killed by signal 9"))
            try daemon.stop()
        }
    }
}
