import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Exit statuses as DESIGN fixes them, and the words that go with them.
@Suite(.serialized, .daemon()) struct ExitStatusTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    @Test func aFailedJobIsOne() throws {
        let id = try daemon.countDown(crash: true)
        let watch = try Sqzctl.run(daemon, "watch", "\(id)")
        #expect(watch.ending == .exited(1) && watch.output.contains("failed"))
        let wait = try Sqzctl.run(daemon, "wait", "\(id)")
        #expect(wait.ending == .exited(1) && wait.output == "job \(id)  failed\n")
    }

    @Test func aFailedJobThatIsFollowedIsOne() throws {
        try daemon.importColours()
        let transcript = try Sqzctl.run(
            daemon, "train", "--recipe", "tutorial", "--epochs", "50", "--batch-size", "20", "--learning-rate", "10",
            "--follow")
        #expect(transcript.ending == .exited(1), "\(transcript.errors)")
        #expect(transcript.output.contains("failed") && transcript.output.contains("no longer finite"))
        try daemon.call(DatasetsInterface.Remove.self, .init(dataset: "colours"))
    }

    @Test func aCancelledJobIsTwo() throws {
        let blocker = try daemon.block()
        let id = try daemon.countDown()
        try daemon.cancel(id)
        for verb in ["watch", "wait"] {
            let transcript = try Sqzctl.run(daemon, verb, "\(id)")
            #expect(transcript.ending == .exited(2) && transcript.output.contains("cancelled"))
        }
        let failed = try daemon.countDown(crash: true)
        try daemon.cancel(blocker)
        #expect(try Sqzctl.run(daemon, "wait", "\(id)", "\(failed)").ending == .exited(1))
    }

    @Test func waitingTooLongIs75() throws {
        let id = try daemon.block()
        try Sqzctl.run(daemon, "wait", "\(id)", "--timeout", "0").expect(75, "timed out")
        try Sqzctl.run(daemon, "wait", "\(id)", "--timeout", "0.2").expect(75, "timed out")
        #expect(try daemon.job(id).state == .running)
        try daemon.cancel(id)
        try daemon.end(of: id)
        // What has ended is not waited for.
        let ended = try Sqzctl.run(daemon, "wait", "\(id)", "--timeout", "0")
        #expect(ended.ending == .exited(2) && ended.output == "job \(id)  cancelled\n", "\(ended.errors)")
    }

    @Test func aDaemonThatHangsIsNotWaitedFor() throws {
        let other = try TestDaemon(runners: [])
        other.signal(SIGSTOP)
        try Sqzctl.run(other, "wait", "1", "--timeout", "0").expect(75, "timed out")
        other.signal(SIGCONT)
        try other.stop()
    }

    @Test func predictionsThatThereAreNoneOfAre64() throws {
        let blocker = try daemon.block()
        let queued = try daemon.countDown()
        func expect(_ id: Int, _ reason: String, at location: SourceLocation = #_sourceLocation) throws {
            let transcript = try Sqzctl.run(daemon, "predictions", "\(id)")
            transcript.expect(64, "sqzctl: job \(id) \(reason)\n", at: location)
            #expect(transcript.output.isEmpty, sourceLocation: location)
        }
        try expect(blocker, "is running and has made no predictions yet")
        try expect(queued, "is queued and has made no predictions yet")
        try daemon.cancel(queued)
        try expect(queued, "was cancelled before it made a prediction")
        try daemon.cancel(blocker)
        try daemon.end(of: blocker)
        let succeeded = try daemon.countDown()
        try daemon.end(of: succeeded)
        try expect(succeeded, "is of the kind countdown, which makes no predictions")
        let failed = try daemon.countDown(crash: true)
        try daemon.end(of: failed)
        try expect(failed, "failed before it made a prediction")
    }

    @Test func anInterruptDetachesAndTheJobGoesOn() throws {
        let id = try daemon.block()
        let (child, output) = try Sqzctl.start(daemon, ["watch", "\(id)"], until: "running")
        child.signal(SIGINT)
        #expect(child.wait() == .exited(0))
        close(output)
        #expect(try daemon.job(id).state == .running)
        try daemon.cancel(id)
    }

    @Test func aDaemonThatDiesInMidStreamIs69() throws {
        for (words, text, stops) in [
            (["watch", "1"], "running", false), (["watch", "1", "--json"], "running", true),
            (["submit", "countdown", "-o", "from=1000", "-o", "delay=60", "--follow"], "running", true),
        ] {
            let other = try TestDaemon(runners: [.countdown])
            let id = words[0] == "watch" ? try other.block() : 1
            let errors = scratch["errors"]
            let (child, output) = try Sqzctl.start(other, words, until: text, errors: errors)
            if stops { try other.stop() } else { other.kill() }
            #expect(child.wait() == .exited(69), "\(words)")
            close(output)
            // It tries to go on with a restarted daemon: what it says depends on whether the socket or the connection went first.
            let told = String(decoding: try scratch.read("errors"), as: UTF8.self)
            #expect(told.contains("no daemon at \(other.socket)") || told.contains("the daemon was lost"), "\(told)")
            #expect(told.contains("; job \(id) goes on when it is back: sqzctl watch \(id)"), "\(told)")
            unlink(errors)
            // It does.
            try other.start()
            try other.wait(for: "job \(id): counting down")
        }
    }

    @Test func noDaemonIs69() throws {
        let nothing = scratch["nothing"]
        for words in [["jobs"], ["info"], ["show", "1"], ["train"], ["wait", "1"], ["dataset", "rm", "x"]] {
            try Sqzctl.run(socket: nothing, words).expect(69, "no daemon at \(nothing)", "No such file")
        }
        let file = try scratch.write("file", [])
        try Sqzctl.run(socket: file, ["jobs"]).expect(69, "no daemon at \(file)", "Connection refused")
        try Sqzctl.run(socket: scratch.path, ["jobs"]).expect(69, "no daemon at \(scratch.path)")
        let long = "/" + String(repeating: "x", count: 200)
        try Sqzctl.run(socket: long, ["jobs"]).expect(69, "File name too long")
        let gone = try TestDaemon(runners: [])
        gone.kill()
        try Sqzctl.run(gone, "jobs").expect(69, "no daemon at \(gone.socket)", "Connection refused")
    }

    @Test func theSocketOptionGoesOverTheVariable() throws {
        let transcript = try Sqzctl.run(socket: scratch["nothing"], ["--socket", daemon.socket, "info"])
        transcript.expect(0)
        try Sqzctl.run(daemon, "info", "--socket", scratch["nothing"]).expect(69, scratch["nothing"])
    }

    @Test func whatIsNotThereIs66() throws {
        for verb in ["show", "watch", "wait", "logs", "predictions", "cancel"] {
            try Sqzctl.run(daemon, verb, "999").expect(66, "there is no job 999")
        }
        try Sqzctl.run(daemon, "train", "--data", "nothing").expect(66, "no data set nothing")
        try Sqzctl.run(daemon, "train", "--data", "./nothing").expect(66, "./nothing", "No such file")
        try Sqzctl.run(daemon, "dataset", "show", "nothing").expect(66, "no data set nothing")
        try Sqzctl.run(daemon, "dataset", "rm", "nothing").expect(66, "no data set nothing")
        try Sqzctl.run(daemon, "dataset", "import", scratch["nothing"]).expect(66, scratch["nothing"])
        try Sqzctl.run(daemon, "model", "show", "nothing").expect(66, "no model nothing")
        try Sqzctl.run(daemon, "evaluate").expect(66, "no data set yet", "sqzctl dataset import")
        let file = try scratch.write("picture", [UInt8](repeating: 0, count: 3_072))
        try Sqzctl.run(daemon, "classify", file).expect(66, "no model yet", "sqzctl train")
        let folder = try Colours.write(to: scratch)
        try Sqzctl.run(daemon, "dataset", "import", folder, "--classes", scratch["nothing"]).expect(66, "nothing")
    }

    @Test func optionsOfJobsThatDoNotFitAre64() throws {
        try daemon.importColours()
        defer {
            #expect(throws: Never.self) { try daemon.call(DatasetsInterface.Remove.self, .init(dataset: "colours")) }
        }
        try Sqzctl.run(daemon, "train", "--epochs=-1").expect(64, "epochs", "at least 1", "-1")
        try Sqzctl.run(daemon, "train", "--epochs", "-1").expect(64, "epochs", "at least 1", "-1")
        try Sqzctl.run(daemon, "train", "--arch", "resnet").expect(64, "arch", "squeezenet-cifar", "resnet")
        try Sqzctl.run(daemon, "train", "--priority", "101").expect(64, "priority", "100")
        try Sqzctl.run(daemon, "train", "--deadline", "2020-01-02").expect(64, "deadline", "has passed")
        try Sqzctl.run(daemon, "train", "--time-limit", "4000d").expect(64, "timeLimit", "316224000")
        try Sqzctl.run(daemon, "train", "--model", "a/b/c").expect(64, "model", "letters")
        try Sqzctl.run(daemon, "train", "--model", "no-such-user/b").expect(64, "model", "no user no-such-user")
        try Sqzctl.run(daemon, "jobs", "--limit", "0").expect(64, "limit", "1000")
        try Sqzctl.run(daemon, "train", "--after", "999").expect(66, "no job 999")
    }

    /// Data that can't be, by what is wrong with them.
    private static let bad: [String: (files: [String: [UInt8]], word: String)] = [
        "truncated": (["data_batch_1.bin": Array(Colours.records(2, seed: 1).flatMap { $0 }.dropLast())], "record"),
        "label": (
            [
                "data_batch_1.bin": [10] + [UInt8](repeating: 0, count: 3_072),
                "batches.meta.txt": Array(Colours.classes.joined(separator: "\n").utf8),
            ], "label"
        ),
        "counts": (
            [
                "train-images-idx3-ubyte": [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]
                    + [UInt8](repeating: 1, count: 784),
                "train-labels-idx1-ubyte": [0, 0, 8, 1, 0, 0, 0, 2, 0, 1],
            ], "2"
        ),
        "empty": ([:], "no file"),
    ]

    @Test(arguments: bad.keys.sorted()) func badDataAre65(_ name: String) throws {
        let (files, word) = try #require(Self.bad[name])
        let folder = scratch[name]
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (file, bytes) in files { try scratch.write("\(name)/\(file)", bytes) }
        func kept() throws -> [[String]] {
            try ["uploads", "imports", "blobs"].map {
                try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/\($0)").sorted()
            }
        }
        let before = try kept()
        try Sqzctl.run(daemon, "dataset", "import", folder).expect(65, word)
        try Sqzctl.run(daemon, "train", "--data", folder).expect(65, word)
        #expect(try daemon.call(DatasetsInterface.List.self, NoParameters()).datasets == [])
        #expect(try kept() == before)
    }

    @Test func aNameThatIsTakenIs65() throws {
        let first = try Colours.write(to: scratch, "first", seed: 41)
        let second = try Colours.write(to: scratch, "second", seed: 42)
        try Sqzctl.run(daemon, "dataset", "import", first, "--name", "mine").expect(0)
        try Sqzctl.run(daemon, "dataset", "import", second, "--name", "mine").expect(65, "name mine")
        try Sqzctl.run(daemon, "dataset", "rm", "mine").expect(0)
    }

    @Test func aReaderThatStopsReadingIsNoError() throws {
        let id = try daemon.countDown(from: 1_000)
        try daemon.end(of: id)
        let transcript = try Transcript.run(
            ["bash", "-c", "set -o pipefail; \(Sqzctl.path) logs \(id) | head -n 1"],
            environment: ["SQZD_SOCKET": daemon.socket])
        #expect(transcript.ending == .exited(0) && transcript.errors.isEmpty, "\(transcript.errors)")
        #expect(transcript.lines == ["job \(id): counting down from 1000"])
    }
}

/// Another user on the same machine.
@Suite(.serialized, .enabled(if: OtherUser.isAvailable, "another user can't be become")) struct OtherUserTests {
    private func run(_ daemon: TestDaemon, _ words: String...) throws -> Transcript {
        try Sqzctl.run(socket: daemon.socket, words, launcher: OtherUser.launcher)
    }

    @Test func whoIsNotInTheGroupMayNotConnect() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        try run(daemon, "jobs").expect(77, "you may not use \(daemon.socket)")
        try daemon.stop()
    }

    @Test func whatBelongsToSomebodyElseStaysAsItIs() throws {
        let daemon = try TestDaemon()
        #expect(chmod(daemon.socket, 0o666) == 0)
        let id = try daemon.block()
        // Everything is for all to read.
        try run(daemon, "jobs").expect(0)
        try run(daemon, "show", "\(id)").expect(0)
        try run(daemon, "logs", "\(id)").expect(0)
        try run(daemon, "cancel", "\(id)").expect(77, "only its owner or an administrator")
        #expect(try daemon.job(id).state == .running)
        try daemon.importColours()
        try run(daemon, "dataset", "rm", "colours").expect(77)
        try run(daemon, "train", "--priority", "1")
            .expect(77, "sqzctl: not permitted: only an administrator gives a priority above 0\n")
        // Their own jobs are theirs, and an administrator's too.
        let transcript = try run(daemon, "train", "--data", "colours", "--priority", "-1")
        transcript.expect(0)
        let theirs = try #require(Int(transcript.lines.first ?? ""))
        #expect(try daemon.job(theirs).uid == OtherUser.uid)
        try run(daemon, "cancel", "\(theirs)").expect(0)
        let another = try #require(Int(try run(daemon, "train", "--data", "colours").lines.first ?? ""))
        try Sqzctl.run(daemon, "cancel", "\(another)").expect(0)
        try daemon.stop()
    }
}
