import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A daemon that ends in the middle of a job, by a crash or in order.
@Suite(.serialized) struct CrashTests {
    private func training(_ daemon: TestDaemon) throws -> Int {
        try daemon.submit(
            .init(
                kind: "train",
                options: ["epochs": .integer(12), "batch-size": .integer(20), "seed": .integer(3)],
                dataset: "colours", model: "resumed"))
    }

    /// Waits for the end of an epoch.
    private func epoch(_ number: Int, of id: Int, _ daemon: TestDaemon) throws {
        try daemon.watch(id) { $0.kind == .epoch && $0.progress?.epoch == number ? .stop : .more }
    }

    private func weights(_ name: String, _ daemon: TestDaemon) throws -> String {
        try daemon.call(ModelsInterface.Show.self, .init(model: name)).model.weightsSha256
    }

    @Test func aTrainingGoesOnToTheSameWeightsHoweverItWasInterrupted() throws {
        let daemon = try TestDaemon()
        try daemon.importColours()
        let undisturbed = try training(daemon)
        try daemon.end(of: undisturbed)

        let id = try training(daemon)
        try epoch(2, of: id, daemon)
        let killed = try ProcessHandle(daemon.runnerProcess())
        daemon.kill()
        #expect(killed.waitForEnd(), "a runner outlives its daemon")

        try daemon.start()
        try daemon.watch(id) { $0.sequence ?? 0 > 4 && $0.kind == .epoch ? .stop : .more }
        let stopped = try ProcessHandle(daemon.runnerProcess())
        try daemon.stop()
        #expect(stopped.waitForEnd(), "a runner outlives its daemon")

        try daemon.start()
        let job = try daemon.end(of: id)
        #expect(job.state == .succeeded && job.starts == 3 && job.outcome?.model == "resumed@2")
        let events = try daemon.events(of: id)
        #expect(events.compactMap(\.state) == [.queued, .running, .queued, .running, .queued, .running, .succeeded])
        #expect(
            events.filter { $0.state == .queued }.map(\.reason) == [
                nil, "the daemon was interrupted", "the daemon stopped",
            ])
        #expect(events.map(\.sequence) == (1...events.count).map { $0 })
        let epochs = events.compactMap { $0.progress?.epoch }
        #expect(Set(epochs) == Set(1...12) && epochs == epochs.sorted())
        let lines = try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines
        #expect(lines.count { $0.hasPrefix("goes on from epoch") } == 2)
        #expect(try weights("resumed@2", daemon) == weights("resumed@1", daemon))
        try daemon.stop()
        // Checkpoints are of no use any more.
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/jobs/\(id)") == ["log"])
    }

    @Test func aStoppedDaemonLeavesNoRunnerAndNoSocketInUse() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        let id = try daemon.block()
        let waiting = try daemon.countDown()
        let runner = try ProcessHandle(daemon.runnerProcess())
        let watcher = try daemon.client()
        try watcher.send(JobsInterface.Watch.self, .init(id: id), mode: .more)
        _ = try watcher.receive(JobsInterface.Watch.self)
        try daemon.stop()
        #expect(runner.waitForEnd())
        // The stream is cut off, which a client can tell from its end.
        #expect(throws: ConnectionError.closed) {
            while true { _ = try watcher.receive(JobsInterface.Watch.self, until: TestDaemon.deadline) }
        }
        #expect(throws: ConnectionError.self) { try daemon.client() }

        try daemon.start()
        try daemon.watch(id) { $0.sequence == 4 ? .stop : .more }
        #expect(try daemon.job(id).starts == 2 && daemon.job(id).state == .running)
        #expect(try daemon.job(waiting).position == 1)
        try daemon.stop()
    }

    @Test func acknowledgedJobsSurviveACrash() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        let blocker = try daemon.block()
        let client = try daemon.client()
        for _ in 0..<50 {
            try client.send(JobsInterface.Submit.self, .init(kind: "countdown", options: ["from": .integer(1)]))
        }
        var ids: [Int] = []
        for _ in 0..<25 {
            let reply = try client.receive(JobsInterface.Submit.self, until: TestDaemon.deadline)
            ids.append(try reply.parameters(JobsInterface.Submit.Reply.self).id)
        }
        daemon.kill()
        try daemon.start()
        try daemon.cancel(blocker)
        for id in ids {
            let job = try daemon.end(of: id)
            #expect(job.state == .succeeded && job.starts == 1)
        }
        let jobs = try daemon.call(JobsInterface.List.self, .init(limit: 1_000)).jobs
        #expect(jobs.count <= 51 && Set(jobs.map(\.id)).isSuperset(of: ids))
        try daemon.stop()
    }

    @Test func halfMadeFilesOfAKilledDaemonGo() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        daemon.kill()
        for name in ["blobs/\(String(repeating: "0", count: 64))", "imports/half"] {
            try daemon.scratch.write("state/\(name)", [1, 2, 3])
        }
        try daemon.start()
        for folder in ["blobs", "imports"] {
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/\(folder)") == [])
        }
        try daemon.stop()
    }
}
