import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Sweeps on the command line, and the verbs that take a sweep's name for all of its jobs.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }) struct SweepVerbTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func run(_ words: String...) throws -> Transcript { try Sqzctl.run(socket: daemon.socket, words) }

    private func show(_ name: String) throws -> JobsInterface.ShowSweep.Reply {
        try daemon.call(JobsInterface.ShowSweep.self, .init(name: name))
    }

    private static let quick = ["--data", "colours", "--epochs", "1", "--batch-size", "20"]

    private func train(_ words: String...) throws -> Transcript {
        try Sqzctl.run(socket: daemon.socket, ["train"] + Self.quick + words)
    }

    @Test func aGridBecomesOneSweep() throws {
        let made = try train(
            "--sweep", "learning-rate=0.05,0.001", "--sweep", "dropout=true,false", "--seeds", "1..2", "--job-name",
            "grid", "--note", "which way", "--hold")
        made.expect(0)
        #expect(made.output == "grid\n" && made.errors.hasPrefix("8 jobs: "))
        let reply = try show("grid")
        let (sweep, members) = (reply.sweep, reply.members)
        #expect(sweep.repeated == "seed" && !sweep.promoteBest)
        #expect(
            members.prefix(3).map(\.options) == [
                ["learning-rate": .number(0.05), "dropout": .bool(true), "seed": .integer(1)],
                ["learning-rate": .number(0.05), "dropout": .bool(true), "seed": .integer(2)],
                ["learning-rate": .number(0.05), "dropout": .bool(false), "seed": .integer(1)],
            ])
        #expect(members.allSatisfy { $0.job.options["epochs"] == .integer(1) && $0.job.note == "which way" })

        let table = try run("sweep", "grid").lines
        #expect(table.contains { $0.hasPrefix("jobs ") && $0.hasSuffix("8: 8 paused") })
        let title = try #require(table.first { $0.hasPrefix("JOB") })
        #expect(title.contains("DROPOUT") && title.contains("LEARNING-RATE") && title.contains("SEED"))
        #expect(table.filter { $0.contains("  paused") && $0.contains("0.05") }.count == 4)
        #expect(try run("show", "grid").lines == table)
        let json = try run("sweep", "grid", "--json")
        #expect(try json.reply(JobsInterface.ShowSweep.Reply.self) == show("grid"))

        let ids = members.map(\.job.id)
        for (verb, words, told) in [
            ("prioritize", ["--priority", "-9"], "priority -9"), ("limit", ["--time-limit", "1h"], "time limit 1 h"),
            ("resume", [], "queued"), ("cancel", [], "cancel"),
        ] {
            if verb == "resume" {
                // Nothing of it is to run.
                _ = try daemon.block()
            }
            let transcript = try Sqzctl.run(socket: daemon.socket, [verb, "grid"] + words)
            transcript.expect(0)
            #expect(transcript.lines.map { $0.split(separator: " ")[1] } == ids.map { "\($0)" }, "\(verb)")
            #expect(transcript.lines.allSatisfy { $0.contains(told) }, "\(transcript.output)")
        }
        try run("pause", "grid").expect(64, "no job of sweep grid is in a state for that: 8 cancelled")
        #expect(try run("wait", "grid").ending == .exited(2))
        try run("cancel", "grids").expect(66, "there is no sweep grids; there are: grid")
        for job in try daemon.call(JobsInterface.List.self, .init(states: [.running])).jobs {
            try daemon.cancel(job.id)
        }
        let listed = try run("jobs", "--name", "GRID", "--limit", "3")
        #expect(listed.lines.count == 4 && listed.lines[1].contains("grid"))
        #expect(listed.errors.hasPrefix("3 of 8 jobs; --before \(ids[5]) shows those before, --limit 8 all"))
    }

    @Test func whatIsWrongIsNamedBeforeAnythingIsQueued() throws {
        let before = try daemon.call(JobsInterface.List.self, .init()).total
        try train("--sweep", "learning-rate=0.1,fast").expect(
            64, "learning-rate: must be a number, is 'fast' (job 2 of the sweep: learning-rate fast)")
        try train("--sweep", "colour=red").expect(64, "colour: train has no such option")
        try train("--sweep", "epochs=2,3").expect(64, "--epochs is given beside the sweep's own values of it")
        try train("--sweep", "seed=2", "--seeds", "3").expect(64, "--sweep seed: is given twice")
        try train("--sweep", "learning-rate=0.1,0.1").expect(64, "jobs 1 and 2 of the sweep have the same options")
        for seeds in [
            "1..300", "-9223372036854775808..9223372036854775807", "9223372036854775800..9223372036854775807",
        ] {
            let transcript = try train(
                "--seeds=\(seeds)", "--sweep", "ema=" + (0..<99).map { "0.\($0)" }.joined(separator: ","))
            transcript.expect(64, "a sweep has at most \(Limits.sweepJobs) jobs")
        }
        try train("--promote-best").expect(64, "--promote-best is of a sweep")
        #expect(try daemon.call(JobsInterface.List.self, .init()).total == before)
    }

    @Test func followedToItsEndAndItsBestPromoted() throws {
        let made = try train(
            "--sweep", "learning-rate=0.003,1e-9", "--seeds", "1,2", "--promote-best", "--model", "swept", "--follow")
        let name = try #require(made.lines.first)
        let ids = try show(name).members.map(\.job.id)
        made.expect(0)
        for id in ids {
            let own = made.lines.filter { $0.hasPrefix("job \(id)  ") }
            #expect(own.first?.contains("  queued") == true && own.last?.contains("  succeeded: model swept@") == true)
            #expect(own.contains { $0.contains("  epoch 1/1  ") })
        }
        try daemon.wait(for: "the best of sweep \(name)")
        let table = try run("sweep", name).output
        #expect(
            table.contains("promoted") && table.contains(" SEEDS ") && table.contains(" ± "), "\(table)")
        #expect(table.contains("2 of 2"))
        // Without UTF-8, nothing beyond ASCII.
        let plain = try Transcript.run(
            [Sqzctl.path, "sweep", name], environment: ["SQZD_SOCKET": daemon.socket, "LC_ALL": "C"])
        #expect(plain.output.contains(" +- ") && plain.output.utf8.allSatisfy { $0 < 128 })
        #expect(try run("watch", name).lines.filter { $0.contains("  succeeded") }.count == 4)
        #expect(try run("wait", name).lines == ids.map { "job \($0)  succeeded" })
        let objects = try run("watch", name, "--json").objects()
        #expect(objects.count == 16)
    }

    @Test func aJobsNameAndNoteAreShown() throws {
        let id = try #require(try train("--job-name", "first-try", "--note", "with a note", "--hold").lines.first)
        let shown = try run("show", id).lines
        #expect(shown.contains { $0.hasPrefix("name ") && $0.hasSuffix("  first-try") })
        #expect(shown.contains { $0.hasPrefix("note ") && $0.hasSuffix("  with a note") })
        #expect(try run("jobs", "--name", "a NOTE").lines.last?.contains("first-try") == true)
        try train("--job-name", "7").expect(64, "name: a job's name is letters, at least one")
        try run("cancel", id).expect(0)
    }

    @Test func jobsAreFoundByWhatTheyAre() throws {
        let me = NSUserName()
        let evaluated = try daemon.submit(.init(kind: "countdown", hold: true))
        func ids(_ words: String...) throws -> [String] {
            let transcript = try Sqzctl.run(socket: daemon.socket, ["jobs", "--limit", "1000"] + words)
            transcript.expect(0)
            return transcript.lines.dropFirst().map { String($0.split(separator: " ")[0]) }
        }
        #expect(try ids("--kind", "countdown", "--state", "paused") == ["\(evaluated)"])
        #expect(try ids("--user", me, "--newer", "1h").contains("\(evaluated)"))
        #expect(try ids("--older", "1h").isEmpty && ids("--user", "4294967294").isEmpty)
        #expect(try !ids("--data", "colours").contains("\(evaluated)"))
        #expect(try ids("--before", "\(evaluated)").contains("\(evaluated)") == false)
        try run("jobs", "--user", "nobody-at-all").expect(64, "there is no user nobody-at-all")
        try daemon.cancel(evaluated)
    }
}
