import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What `sqzctl` says of trainings that end early, and of what comes after one.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }) struct FinishTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func aModelIsEvaluatedAfterItsTraining() throws {
        let followed = try Sqzctl.run(
            daemon, "train", "--epochs", "1", "--batch-size", "20", "--model", "both", "--then-evaluate", "--follow")
        followed.expect(0)
        let ids = followed.lines.prefix(2).compactMap { Int($0) }
        try #require(ids.count == 2)
        #expect(followed.lines.contains { $0.hasPrefix("job \(ids[0])  succeeded: model both@1") })
        #expect(followed.lines.contains { $0.hasPrefix("job \(ids[1])  succeeded: 40 images (the test pictures)") })
        // Each with its table of classes.
        #expect(followed.lines.count { $0.hasPrefix("CLASS") } == 2)
        #expect(followed.lines.count { $0.hasPrefix("magenta") } == 2)
        let job = try daemon.job(ids[1])
        #expect(job.model == "both@1" && job.after == [Dependency(job: ids[0], condition: .success)])
        let shown = try Sqzctl.run(daemon, "show", "\(ids[0])")
        #expect(shown.output.contains("of epoch 1 of 1") && shown.lines.contains { $0.hasPrefix("CLASS") })
        #expect(try Sqzctl.run(daemon, "watch", "\(ids[0])").output.contains("CLASS") == false)

        // A training that fails takes its evaluation with it, and says so by its status. It ends when both were submitted.
        let blocker = try daemon.block()
        let (child, output) = try Sqzctl.start(
            daemon,
            [
                "train", "--recipe", "tutorial", "--learning-rate", "10", "--epochs", "50", "--then-evaluate",
                "--follow",
                "--after-any", "\(blocker)",
            ], until: "\(blocker + 2)\n")
        defer { close(output) }
        try daemon.cancel(blocker)
        #expect(child.wait() == .exited(1))
        #expect(try daemon.job(blocker + 2).reason?.hasPrefix("job \(blocker + 1), which") == true)
    }

    @Test func aTrainingIsFinished() throws {
        let id = try daemon.submit(
            .init(
                kind: "train", options: ["epochs": .integer(100_000), "batch-size": .integer(20)], dataset: "colours",
                model: "early"))
        try daemon.watch(id) { $0.kind == .epoch ? .stop : .more }
        let finished = try Sqzctl.run(daemon, "finish", "\(id)")
        finished.expect(0)
        #expect(finished.output == "job \(id)  is being finished\n")
        try daemon.end(of: id)
        let outcome = try Sqzctl.run(daemon, "show", "\(id)").lines.first { $0.hasPrefix("outcome") }
        #expect(outcome?.contains("of 100000, finished early in epoch ") == true, "\(outcome ?? "")")
        let model = try Sqzctl.run(daemon, "model", "show", "early").output
        #expect(model.contains(", ended in epoch ") && model.contains(" of 100000"))
        try Sqzctl.run(daemon, "finish", "\(id)").expect(64, "has ended already")
    }

    /// On standard error, for scripts read ids.
    @Test func whichModelIsMeantIsSaid() throws {
        let blocker = try daemon.block()
        let quick = ["--epochs", "1", "--batch-size", "20", "--model", "meant"]
        let first = try Sqzctl.run(socket: daemon.socket, ["train"] + quick)
        let waiting = try Sqzctl.run(daemon, "evaluate", "--model", "meant")
        waiting.expect(0)
        #expect(waiting.errors == "" && waiting.lines.count == 1)
        let second = try Sqzctl.run(socket: daemon.socket, ["train"] + quick)
        let other = try Sqzctl.run(daemon, "evaluate", "--model", "meant")
        #expect(
            other.errors
                == "uses meant as job \(second.lines[0]) makes it; job \(first.lines[0]) makes another version\n")
        try daemon.cancel(blocker)
        #expect(try daemon.end(of: try #require(Int(other.lines[0]))).model == "meant@2")
        #expect(try daemon.end(of: try #require(Int(waiting.lines[0]))).model == "meant@1")
        let again = try daemon.block()
        let third = try Sqzctl.run(socket: daemon.socket, ["train"] + quick)
        let present = try Sqzctl.run(daemon, "predict", "--model", "meant")
        let id = third.lines[0]
        #expect(
            present.errors == "uses meant@2; job \(id) is to make another version (--after \(id) waits for that)\n")
        for job in [try #require(Int(id)), try #require(Int(present.lines[0])), again] { try daemon.cancel(job) }
    }
}
