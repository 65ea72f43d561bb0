import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What keeps one user from having all of the machine, and what is told to those who wait.
@Suite(.serialized) struct FairnessTests {
    /// Submits a countdown as another user.
    private func submitAsOther(_ daemon: TestDaemon, from steps: Int, delay: Int = 0) throws -> Int {
        let script = """
            import json, socket, sys
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(sys.argv[1])
            options = {"from": int(sys.argv[2]), "delay": int(sys.argv[3])}
            call = {"method": "io.sqzd.Jobs.Submit", "parameters": {"kind": "countdown", "options": options}}
            connection.sendall(json.dumps(call).encode() + bytes(1))
            print(json.loads(connection.recv(4096)[:-1])["parameters"]["id"])
            """
        let transcript = try Transcript.run(
            OtherUser.launcher + [
                "env", "PATH=/usr/bin:/bin", "python3", "-c", script, daemon.socket, "\(steps)", "\(delay)",
            ])
        #expect(transcript.ending == .exited(0), "\(transcript.errors)")
        return try #require(Int(transcript.output.dropLast()))
    }

    @Test(.enabled(if: OtherUser.isAvailable, "another user can't be become"))
    func aUserRunsSoManyJobsAndAnotherOneHasRoom() throws {
        let daemon = try TestDaemon(
            runners: [.countdown], configuration: ["runningJobs": .integer(3), "runningJobsPerUser": .integer(1)])
        #expect(chmod(daemon.socket, 0o666) == 0)
        let mine = try daemon.block()
        let waiting = try daemon.countDown(from: 1)
        let theirs = try submitAsOther(daemon, from: 1)
        #expect(try daemon.end(of: theirs).uid == OtherUser.uid)
        let job = try daemon.job(waiting)
        #expect(job.state == .queued && job.position == 1)
        #expect(job.reason == "waits because uid \(geteuid()) already runs 1, the limit for each user")
        try daemon.cancel(mine)
        #expect(try daemon.end(of: waiting).state == .succeeded)
        try daemon.stop()
    }

    @Test(.enabled(if: OtherUser.isAvailable, "another user can't be become"))
    func thePlaceThatIsToldIsTheOneInWhichJobsRun() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        #expect(chmod(daemon.socket, 0o666) == 0)
        // So that this user has had more of the machine than the other.
        try daemon.end(of: daemon.countDown(from: 1))
        let blocker = try daemon.block(priority: 0)
        let mine = try (0..<3).map { _ in try daemon.countDown(from: 1) }
        let theirs = try submitAsOther(daemon, from: 1)
        let jobs = try (mine + [theirs]).map { try daemon.job($0) }
        #expect(jobs.map(\.position) == [2, 3, 4, 1])
        #expect(jobs.allSatisfy { $0.reason == "waits for its turn" })
        try daemon.call(JobsInterface.Pause.self, .init(id: theirs))
        #expect(
            try daemon.call(JobsInterface.Resume.self, .init(id: theirs)).job.reason
                == "resumed by uid \(geteuid()); waits for its turn")
        try daemon.cancel(blocker)
        let ends = try (mine + [theirs]).map { try daemon.end(of: $0) }
        let started = try ends.map { try #require($0.startedAt) }
        #expect(started[3] < started[0] && started[0] < started[1] && started[1] < started[2])
        try daemon.stop()
    }

    @Test func whatRunsTellsWhenItEndsAndWhatWaitsWhenItStarts() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        // The kind is known by what it took before, and the running one tells how long it still takes at its first step.
        try daemon.end(of: daemon.countDown(from: 2))
        let id = try daemon.countDown(from: 2, delay: 60)
        try daemon.watch(id) { $0.state == .running ? .stop : .more }
        let waiting = try daemon.countDown(from: 2)
        #expect(try daemon.job(waiting).position == 1)
        try daemon.cancel(id)
        let stepping = try daemon.submit(
            .init(kind: "countdown", options: ["from": .integer(1_000), "delay": .number(0.05)]))
        try daemon.end(of: waiting)
        try daemon.watch(stepping) { $0.kind == .progress ? .stop : .more }
        let last = try daemon.countDown(from: 2)
        let running = try daemon.job(stepping)
        let (start, end) = (try #require(running.startedAt), try #require(running.expectedEnd))
        // 1,000 steps of a twentieth of a second.
        #expect(end > start + 40_000_000 && running.expectedStart == nil && running.position == nil)
        let job = try daemon.job(last)
        let (from, to) = (try #require(job.expectedStart), try #require(job.expectedEnd))
        #expect(from > start + 40_000_000 && to > from)
        let snapshot = try daemon.snapshot()
        #expect(snapshot.running.map(\.id) == [stepping] && snapshot.waiting.map(\.id) == [last])
        #expect(snapshot.running[0].expectedEnd != nil && snapshot.waiting[0].expectedStart != nil)
        try daemon.cancel(stepping)
        try daemon.stop()
    }

    @Test func whatNobodyKnowsIsNotTold() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        let blocker = try daemon.block()
        let waiting = try daemon.countDown()
        let jobs = try [blocker, waiting].map { try daemon.job($0) }
        #expect(jobs.allSatisfy { $0.expectedStart == nil && $0.expectedEnd == nil })
        try daemon.cancel(blocker)
        try daemon.stop()
    }
}
