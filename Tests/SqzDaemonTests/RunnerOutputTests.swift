import Foundation
import SqzProtocol
import TestSupport
import Testing

/// What a runner writes is neither a line of the daemon's own, nor as long as it likes.
@Suite(
    .serialized,
    .daemon {
        try TestDaemon(runners: [
            .python("rude", describe: "offer('rude')", run: "log('a\\0b\\x1b[2J\\u2028c')\nsend({'result': {}})"),
            .python(
                "forger", describe: "offer('forger')",
                run: """
                    sys.stdout.write(json.dumps(
                        {"error": "io.sqzd.Runner.Failed", "parameters": {"reason": "no\\nforged line\\x1b[2J"}}) + "\\0")
                    sys.stdout.flush()
                    """),
            .python(
                "flood", describe: "offer('flood')", run: "for i in range(5000): log('flood')\nsend({'result': {}})"),
        ])
    }) struct RunnerOutputTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func aLineWithANULCanBeRead() throws {
        let id = try daemon.submit(.init(kind: "rude"))
        try daemon.end(of: id)
        let lines = try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines
        #expect(lines == ["a\u{FFFD}b\u{1B}[2J\u{2028}c"])
        #expect(daemon.reports.contains { $0.hasSuffix("a\u{FFFD}b\\u{1b}[2J\\u{2028}c") })
    }

    /// One that an earlier version kept.
    @Test func anOldLogWithANULCanBeRead() throws {
        let id = try daemon.submit(.init(kind: "rude"))
        try daemon.end(of: id)
        try Data("a\0b\n".utf8).write(to: URL(fileURLWithPath: "\(daemon.state)/jobs/\(id)/log"))
        #expect(try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines == ["a\u{FFFD}b"])
    }

    @Test func aReasonForgesNoLine() throws {
        let job = try daemon.end(of: daemon.submit(.init(kind: "forger")))
        #expect(job.state == .failed && job.reason?.contains("no\nforged line") == true)
        try daemon.wait(for: "no\\nforged line\\u{1b}[2J")
        #expect(!daemon.reports.contains { $0.hasPrefix("forged") || $0.contains("\u{1B}") })
    }

    /// `Limits.journalLines` and `Limits.journalLinesPerSecond`. Its job's log has them all.
    @Test func aFloodIsLeftOutOfTheDaemonsOwnLogAndCounted() throws {
        let id = try daemon.submit(.init(kind: "flood"))
        try daemon.end(of: id)
        #expect(try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines.count == 5_000)
        func counts() -> (told: Int, leftOut: Int) {
            let lines = daemon.reports.filter { $0.contains("SQZ_JOB=\(id) ") || $0.contains("SQZ_JOB=\(id)]") }
            let leftOut = lines.compactMap { line in
                line.contains("left out here") ? line.split(separator: " ").compactMap { Int($0) }.last : nil
            }
            return (lines.count { $0.hasSuffix("flood") }, leftOut.reduce(0, +))
        }
        try daemon.wait(for: "job \(id) (flood) succeeded")
        let (told, leftOut) = counts()
        #expect(told >= Limits.journalLines && told < 2_500)
        #expect(told + leftOut == 5_000)
    }
}
