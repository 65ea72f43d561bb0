import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Verbs with several jobs, models or data sets: all are tried, each failure is named, the first one's status is the end's.
@Suite(.serialized, .daemon()) struct EachTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func whatFailsDoesNotKeepTheOthersFromBeingDone() throws {
        let blocker = try daemon.block()
        let jobs = try (0..<2).map { _ in "\(try daemon.countDown())" }
        let cancelled = try Sqzctl.run(daemon, "cancel", "900", jobs[0], "901", jobs[1])
        cancelled.expect(66)
        #expect(cancelled.output == jobs.map { "job \($0)  cancelled\n" }.joined())
        #expect(cancelled.errors == "sqzctl: there is no job 900\nsqzctl: there is no job 901\n")
        for (verb, words) in [
            ("pause", []), ("resume", []), ("prioritize", ["--priority=-1"]), ("limit", ["--time-limit=1h"]),
        ] {
            let job = "\(try daemon.countDown())"
            if verb == "resume" { try Sqzctl.run(daemon, "pause", job).expect(0) }
            let transcript = try Sqzctl.run(socket: daemon.socket, [verb, jobs[0], "900", job] + words)
            // One that was cancelled may get a limit, for when it is retried.
            transcript.expect(verb == "limit" ? 66 : 64, "there is no job 900")
            #expect(transcript.errors.contains("sqzctl: job \(jobs[0]) ") == (verb != "limit"))
            #expect(transcript.lines.last?.hasPrefix("job \(job)  ") == true)
            #expect(transcript.lines.count == (verb == "limit" ? 2 : 1))
        }
        let retried = try Sqzctl.run(daemon, "retry", "900", "\(blocker)", jobs[0], "--json")
        retried.expect(66, "there is no job 900", "job \(blocker) ")
        #expect(try retried.reply(JobsInterface.Retry.Reply.self).job.id == Int(jobs[0]))
        try daemon.cancel(blocker)
    }

    @Test func waitingGoesOnToTheNext() throws {
        let blocker = try daemon.block()
        let ended = try daemon.countDown()
        try daemon.cancel(ended)
        let transcript = try Sqzctl.run(daemon, "wait", "900", "\(ended)", "\(blocker)", "--timeout", "0.3")
        transcript.expect(66, "sqzctl: there is no job 900\nsqzctl: job \(blocker): timed out\n")
        #expect(transcript.output == "job \(ended)  cancelled\n")
        try daemon.cancel(blocker)
    }

    @Test func removingGoesOnToTheNext() throws {
        try daemon.importColours()
        try daemon.importColours(as: "used")
        #expect(try daemon.train(as: "m").state == .succeeded)
        let job = try daemon.submit(.init(kind: "train", dataset: "used", hold: true))
        let datasets = try Sqzctl.run(daemon, "dataset", "rm", "used", "nothing", "colours")
        datasets.expect(
            75, "sqzctl: data set used is in use by job \(job)\nsqzctl: there is no data set nothing; there are:")
        #expect(datasets.output == "data set colours removed\n")
        let models = try Sqzctl.run(daemon, "model", "rm", "nothing", "m", "--json")
        models.expect(66, "there is no model nothing; there are: m")
        #expect(models.output == "{\"model\":\"m@1\",\"removed\":[\"m@1\"]}\n")
    }

    @Test func withoutADaemonThereIsNothingToGoOnWith() throws {
        let gone = try TestDaemon(runners: [])
        gone.kill()
        let transcript = try Sqzctl.run(gone, "cancel", "1", "2")
        transcript.expect(69, "no daemon at \(gone.socket)")
        #expect(transcript.errors.split(separator: "\n").count == 1)
    }
}
