import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Where nobody reads what is printed, or the disk is full, the work goes on, and the exit status is the work's.
@Suite(.serialized, .daemon(trained: "tints")) struct UnreadTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    /// Runs it with a standard output whose reader has gone; expects that it says nothing of that.
    private func unread(_ words: [String], at location: SourceLocation = #_sourceLocation) throws -> ChildProcess.Ending
    {
        let (reading, output) = try ChildProcess.pipe()
        let (errors, told) = try ChildProcess.pipe()
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        close(reading)
        let child = try ChildProcess(
            ["timeout", "--kill-after=5", "60", Sqzctl.path] + words, environment: ["SQZD_SOCKET": daemon.socket],
            input: null, output: output, errors: told)
        for descriptor in [output, told, null] { close(descriptor) }
        let ending = child.wait()
        let text = try FileHandle(fileDescriptor: errors, closeOnDealloc: true).readToEnd() ?? Data()
        let lines = String(decoding: text, as: UTF8.self)
        #expect(!lines.contains("output") && !lines.contains("pipe"), "\(words): \(lines)", sourceLocation: location)
        return ending
    }

    private func full(_ words: [String]) throws -> Transcript {
        try Transcript.run(
            ["timeout", "--kill-after=5", "60", "bash", "-c", "\"$0\" \"$@\" > /dev/full", Sqzctl.path] + words,
            environment: ["SQZD_SOCKET": daemon.socket])
    }

    private static let noSpace = "sqzctl: standard output: No space left on device\n"

    @Test func allOfSeveralAreTried() throws {
        let blocker = try daemon.block()
        func three() throws -> [Int] { try (0..<3).map { _ in try daemon.countDown() } }
        let first = try three()
        #expect(try unread(["cancel"] + first.map(String.init)) == .exited(0))
        #expect(try first.map { try daemon.job($0).state } == [.cancelled, .cancelled, .cancelled])
        let second = try three()
        let transcript = try full(["pause", "--json"] + second.map(String.init))
        transcript.expect(74)
        #expect(transcript.errors == Self.noSpace)
        #expect(try second.map { try daemon.job($0).state } == [.paused, .paused, .paused])
        for id in second + [blocker] { try daemon.cancel(id) }
    }

    @Test func theStatusIsTheWorks() throws {
        let failed = try daemon.countDown(crash: true)
        try daemon.end(of: failed)
        #expect(try unread(["wait", "\(failed)"]) == .exited(1))
        #expect(try unread(["wait", "1", "\(failed)"]) == .exited(1))
        #expect(try unread(["wait", "1", "9999"]) == .exited(66))
        #expect(try unread(["wait", "1"]) == .exited(0))
        try full(["wait", "1"]).expect(74, Self.noSpace)
        try full(["wait", "1", "\(failed)"]).expect(1, Self.noSpace)
        try full(["wait", "1", "9999"]).expect(66, Self.noSpace, "there is no job 9999")
    }

    @Test func whatIsFollowedIsFollowedToItsEnd() throws {
        func last() throws -> Job {
            try #require(try daemon.call(JobsInterface.List.self, .init(states: nil, limit: 1)).jobs.first)
        }
        for words in [[], ["--json"]] {
            let submit = ["submit", "countdown", "--follow"] + words
            #expect(try unread(submit + ["-o", "crash=true", "-o", "from=20", "-o", "delay=0.01"]) == .exited(1))
            #expect(try last().state == .failed)
            #expect(try unread(submit + ["-o", "from=20", "-o", "delay=0.01"]) == .exited(0))
            #expect(try last().state == .succeeded)
            let transcript = try full(submit + ["-o", "from=20", "-o", "delay=0.01"])
            transcript.expect(74)
            #expect(transcript.errors == Self.noSpace)
            #expect(try last().state == .succeeded)
            try full(submit + ["-o", "crash=true"]).expect(1, Self.noSpace)
        }
    }

    @Test func whatOnlyPrintsEnds() throws {
        let predicted = try daemon.submit(.init(kind: "predict", dataset: "colours", model: "tints"))
        try daemon.end(of: predicted)
        let blocker = try daemon.block()
        let picture = try daemon.scratch.write("picture", Colours.records(1, seed: 3)[0])
        for words in [
            ["watch", "\(blocker)"], ["watch", "\(blocker)", "--json"], ["top"], ["top", "--json"], ["jobs"],
            ["logs", "1"],
            ["predictions", "\(predicted)"], ["classify", picture, "nothing"], ["model", "export", "tints", "-"],
        ] {
            #expect(try unread(words) == .exited(0), "\(words)")
        }
        for words in [["watch", "\(blocker)"], ["top"], ["classify", picture, picture]] {
            #expect(try full(words).ending == .exited(74), "\(words)")
        }
        #expect(try daemon.job(blocker).state == .running)
        try daemon.cancel(blocker)
    }

    /// While a job takes steps, of which only a terminal is told.
    @Test func aReaderThatGoesBetweenTwoLinesIsNoticed() throws {
        let id = try daemon.countDown(from: 1_000, delay: 0.05)
        let (child, output) = try Sqzctl.start(daemon, ["watch", "\(id)"], until: "running")
        close(output)
        #expect(child.wait() == .exited(0))
        #expect(try daemon.job(id).state == .running)
        try daemon.cancel(id)
    }
}
