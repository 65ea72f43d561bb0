import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// `sqzctl bench`: what it measures, of which pictures, and how it ends.
@Suite(.serialized, .daemon(trained: "tints")) struct BenchTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    /// What `--json` prints.
    private struct Report: Decodable {
        struct Latency: Decodable {
            let p50, p90, p99, max: Double
        }
        let model: String
        let connections: Int
        let picturesPerCall: Int
        let seconds: Double
        let calls: Int
        let callsPerSecond: Double
        let picturesPerSecond: Double
        let latencyMilliseconds: Latency
        let errors: [String: Int]
        let ownProcessors: Double
    }

    private func report(_ words: String...) throws -> Report {
        let words = ["--json", "bench", "--seconds", "1"] + words
        let transcript = try Sqzctl.run(socket: daemon.socket, words)
        transcript.expect(0)
        return try transcript.reply(Report.self)
    }

    /// How many pictures the daemon has classified.
    private func classified(_ daemon: TestDaemon) throws -> Int {
        let metrics = try daemon.call(ManagerInterface.Metrics.self, NoParameters()).metrics
        return Int(try #require(metrics.first { $0.name == "sqzd_classified_images_total" }).value)
    }

    @Test(arguments: [(1, 1), (8, 3), (64, 1)]) func ratesAreThoseOfTheDaemon(connections: Int, pictures: Int) throws {
        let before = try classified(daemon)
        let report = try report("--connections", "\(connections)", "--pictures", "\(pictures)")
        let done = try classified(daemon) - before
        #expect(report.model == "tints@1" && report.connections == connections && report.picturesPerCall == pictures)
        #expect(report.calls > 0 && report.errors.isEmpty && report.seconds >= 1)
        // The first second and what was on its way at the end are not counted.
        #expect(done >= report.calls * pictures && done <= 100 * report.calls * pictures + 64 * connections)
        #expect(abs(report.callsPerSecond * report.seconds - Double(report.calls)) < 0.01)
        #expect(abs(report.picturesPerSecond - report.callsPerSecond * Double(pictures)) < 0.01)
        let latency = report.latencyMilliseconds
        #expect(latency.p50 > 0 && latency.p50 <= latency.p90)
        #expect(
            latency.p90 <= latency.p99 && latency.p99 <= latency.max && latency.max <= 1_000 * report.seconds + 1_000)
        // Each connection is busy all the time, with one call.
        let busy = report.callsPerSecond * latency.max / 1_000
        #expect(busy > 0.5 * Double(connections), "\(report)")
        #expect(report.ownProcessors > 0 && report.ownProcessors <= 1)
    }

    @Test func peopleGetLines() throws {
        let transcript = try Sqzctl.run(daemon, "bench", "--seconds", "1", "--connections", "4", "--pictures", "32")
        transcript.expect(0)
        #expect(transcript.errors.isEmpty, "\(transcript.errors)")
        let names = transcript.lines.map { String($0.prefix { $0 != " " }) }
        #expect(names == ["model", "pictures", "load", "rate", "latency", "sqzctl"], "\(transcript.output)")
        for words in ["tints@1", "32 random ones of 32x32", "4 connections, 32 pictures a call", "calls/s", "p99 "] {
            #expect(transcript.output.contains(words), "\(transcript.output)")
        }
    }

    @Test func theLiveLineIsOnATerminalOnly() throws {
        let command = "stty columns 60; exec \(Sqzctl.path) bench --seconds 0.6 --connections 2"
        let transcript = try Transcript.run(
            ["timeout", "--kill-after=5", "60", "script", "--quiet", "--return", "--command", command, "/dev/null"],
            environment: ["SQZD_SOCKET": daemon.socket])
        #expect(transcript.ending == .exited(0))
        let live = transcript.output.components(separatedBy: "\r\u{1B}[K").filter { $0.contains(" s  ") }
        #expect(
            !live.isEmpty && live.allSatisfy { $0.count < 60 && $0.contains(" pictures/s") }, "\(transcript.output)")
    }

    @Test func randomPicturesHaveTheModelsSize() throws {
        let model = "small"
        let options: [String: JSONValue] = ["resize": .integer(48)]
        #expect(try daemon.train(as: model, options: options).state == .succeeded)
        let transcript = try Sqzctl.run(daemon, "bench", "--seconds", "1", "--connections", "4", "--model", model)
        transcript.expect(0)
        #expect(transcript.output.contains("32 random ones of 48x48, as PNG\n"), "\(transcript.output)")
        #expect(!transcript.output.contains("errors"))
    }

    @Test func filesAndFolders() throws {
        let records = Colours.records(3, seed: 7)
        let bare = try scratch.write("bare.bin", Array(records[0].dropFirst()))
        try FileManager.default.createDirectory(atPath: scratch["folder"], withIntermediateDirectories: false)
        for (index, record) in records.enumerated() { try scratch.write("folder/\(index).bin", record) }
        try scratch.write("folder/readme.txt", Array("no picture".utf8))
        let words = ["bench", "--seconds", "1", "--connections", "4", "--pictures", "5", bare, scratch["folder"]]
        let transcript = try Sqzctl.run(socket: daemon.socket, words)
        transcript.expect(0)
        #expect(transcript.lines.contains("pictures     4"), "\(transcript.output)")

        // Of too many the first ones.
        let many = try Sqzctl.run(
            socket: daemon.socket,
            ["bench", "--seconds", "1", "--connections", "4"] + Array(repeating: bare, count: 1_030))
        many.expect(0)
        #expect(many.output.contains("1,024, the first of those that were named"), "\(many.output)")
    }

    @Test func whatIsNoPictureIsNamedAndTheOthersAreUsed() throws {
        let good = try scratch.write("good.bin", Colours.records(1, seed: 7)[0])
        let bad = try scratch.write("bad.bin", [1, 2, 3])
        let mixed = try Sqzctl.run(daemon, "bench", "--seconds", "1", "--connections", "4", bad, good)
        mixed.expect(65, "sqzctl: \(bad): ")
        #expect(mixed.output.contains("pictures/s") && !mixed.output.contains("errors"))
        let none = try Sqzctl.run(daemon, "bench", "--seconds", "0.2", bad)
        none.expect(65, "sqzctl: \(bad): ")
        #expect(none.output.isEmpty)
        try Sqzctl.run(daemon, "bench", scratch["nothing"]).expect(66, "nothing: No such file")
        try FileManager.default.createDirectory(atPath: scratch["empty"], withIntermediateDirectories: false)
        try Sqzctl.run(daemon, "bench", scratch["empty"]).expect(65, "no picture below")
    }

    @Test func whatCannotBeMeasuredIsSaid() throws {
        try Sqzctl.run(daemon, "bench", "--model", "nothing").expect(66, "no model nothing", "tints")
        for (option, value) in [
            ("connections", "0"), ("connections", "1025"), ("pictures", "0"), ("pictures", "1025"), ("seconds", "0"),
            ("seconds", "-1"), ("top", "0"),
        ] {
            try Sqzctl.run(daemon, "bench", "--\(option)", value).expect(64, "--\(option) must be from ")
        }
        // A call of 16 MiB at most.
        let large = try scratch.write(
            "large.png", try LargePicture.png(side: 16) + [UInt8](repeating: 0, count: 1 << 20))
        try Sqzctl.run(daemon, "bench", "--pictures", "16", large).expect(64, "--pictures 16", "16.8 MB")
        try Sqzctl.run(socket: scratch["no"], ["bench"]).expect(69, "no daemon")
        let empty = try TestDaemon()
        try Sqzctl.run(empty, "bench").expect(66, "model")
        try empty.stop()
    }

    @Test func errorsAreToldByName() throws {
        let few = try TestDaemon(launcher: ["prlimit", "--nofile=256"])
        try few.importColours()
        #expect(try few.train(as: "tints").state == .succeeded)
        let words = ["bench", "--seconds", "1", "--connections", "256"]
        let text = try Sqzctl.run(socket: few.socket, words)
        text.expect(65, "open connections")
        #expect(text.lines.contains { $0.hasPrefix("errors ") && $0.contains("io.sqzd.Manager.TooLarge ") }, "\(text)")
        let told = try Sqzctl.run(socket: few.socket, ["--json"] + words)
        told.expect(65, "open connections")
        // Those that were let in were served.
        let report = try told.reply(Report.self)
        #expect((1...256).contains(report.errors["io.sqzd.Manager.TooLarge"] ?? 0), "\(report)")
        #expect(report.calls > 0)
        try few.stop()
    }

    /// Starts it, waits until the daemon is at work for it, has something happen, and gives its end and what it printed.
    private func interrupted(
        _ daemon: TestDaemon, _ body: (ChildProcess) -> Void
    ) throws -> (ChildProcess.Ending, String, String) {
        let (reading, output) = try ChildProcess.pipe()
        let (errors, told) = try ChildProcess.pipe()
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        let before = try classified(daemon)
        let child = try ChildProcess(
            [Sqzctl.path, "bench", "--seconds", "600", "--connections", "4"],
            environment: ["SQZD_SOCKET": daemon.socket], input: null, output: output, errors: told)
        for descriptor in [output, told, null] { close(descriptor) }
        // Longer than what is not measured: nothing tells of that but the time.
        let start = ContinuousClock.now
        while try classified(daemon) < before + 50 || ContinuousClock.now - start < .seconds(2) {
            try #require(ContinuousClock.now - start < .seconds(60))
        }
        body(child)
        let ending = child.wait()
        let texts = try [reading, errors].map {
            String(
                decoding: try FileHandle(fileDescriptor: $0, closeOnDealloc: true).readToEnd() ?? Data(), as: UTF8.self)
        }
        return (ending, texts[0], texts[1])
    }

    @Test func aDaemonThatGoesAwayEndsIt() throws {
        let own = try TestDaemon()
        try own.importColours()
        #expect(try own.train(as: "tints").state == .succeeded)
        let (ending, output, errors) = try interrupted(own) { _ in own.kill() }
        #expect(ending == .exited(69))
        #expect(errors == "sqzctl: the daemon was lost: the other side closed the connection\n")
        // What was measured before is told.
        #expect(output.contains(" pictures/s\n") && output.contains("closed 4\n"), "\(output)")
    }

    @Test func controlCEndsItWithWhatItHas() throws {
        let (ending, output, errors) = try interrupted(daemon) { $0.signal(SIGINT) }
        #expect(ending == .exited(0) && errors.isEmpty, "\(errors)")
        #expect(output.contains(" pictures/s\n") && !output.contains("errors"), "\(output)")
    }
}
