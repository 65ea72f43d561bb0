import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What a user says of when a job is to run, and what is told of it.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }) struct WaitingTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    /// Submits a training that is held; gives the job.
    private func hold(_ words: String..., environment: [String: String] = [:]) throws -> Job {
        let launcher = ["env"] + environment.map { "\($0)=\($1)" }
        let transcript = try Sqzctl.run(socket: daemon.socket, ["train", "--hold"] + words, launcher: launcher)
        transcript.expect(0)
        return try daemon.job(#require(Int(transcript.lines.first ?? "")))
    }

    @Test func aHeldJobIsToldOfAndResumed() throws {
        let job = try hold("--epochs", "1", "--time-limit", "1h30m")
        #expect(job.state == .paused && job.timeLimit == 5_400 && job.deadline == nil)
        let shown = try Sqzctl.run(daemon, "show", "\(job.id)").output
        for words in ["paused", "held until it is resumed", "time limit", "1 h 30 min"] {
            #expect(shown.contains(words))
        }
        try Sqzctl.run(daemon, "resume", "\(job.id)").expect(0)
        #expect(try daemon.end(of: job.id).state == .succeeded)
    }

    @Test(arguments: [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7_200), ("1d12h", 129_600)])
    func timeLimits(text: String, seconds: Int) throws {
        let job = try hold("--time-limit", text)
        #expect(job.timeLimit == seconds)
        try daemon.cancel(job.id)
    }

    /// Foundation's own idea of the same moments.
    @Test func deadlines() throws {
        let moment = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 100_000).rounded())
        let microseconds = Int(moment.timeIntervalSince1970) * 1_000_000
        for zone in ["UTC", "Europe/Berlin", "America/St_Johns"] {
            let place = try #require(TimeZone(identifier: zone))
            let formatter = DateFormatter()
            formatter.locale = Locale(identifier: "en_US_POSIX")
            formatter.timeZone = place
            for format in [
                "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ssXXX", "yyyy-MM-dd'T'HH:mm:ssxx",
            ] {
                formatter.dateFormat = format
                let text = formatter.string(from: moment)
                let job = try hold("--deadline", text, environment: ["TZ": zone])
                #expect(job.deadline == microseconds, "\(text) in \(zone)")
                try daemon.cancel(job.id)
            }
            formatter.dateFormat = "yyyy-MM-dd"
            let day = formatter.string(from: moment)
            let job = try hold("--deadline", day, environment: ["TZ": zone])
            #expect(job.deadline == (try #require(formatter.date(from: day))).microseconds)
            try daemon.cancel(job.id)
        }
        let before = Date().microseconds / 1_000_000
        let job = try hold("--deadline", "+1h30m")
        let seconds = try #require(job.deadline) / 1_000_000
        #expect((before + 5_400...Date().microseconds / 1_000_000 + 5_400).contains(seconds))
        #expect(try Sqzctl.run(daemon, "show", "\(job.id)").output.contains("deadline"))
        try daemon.cancel(job.id)
    }

    @Test func whatWaitsIsShownWithItsPlaceItsReasonAndItsTimes() throws {
        try daemon.end(of: daemon.countDown(from: 1))
        let running = try daemon.submit(
            .init(kind: "countdown", options: ["from": .integer(1_000), "delay": .number(0.05)], priority: 100))
        try daemon.watch(running) { $0.kind == .progress ? .stop : .more }
        let first = try daemon.countDown(from: 1)
        let second = try daemon.countDown(from: 1, after: [Dependency(job: first, condition: .success)])
        let jobs = try Sqzctl.run(daemon, "jobs", "--state", "queued").lines
        #expect(
            jobs.contains { $0.contains("number 1, start about ") && $0.hasSuffix(", waits for its turn") }, "\(jobs)")
        #expect(jobs.contains { $0.contains("number 2, start about ") && $0.hasSuffix(", waits for job \(first)") })
        let shown = try Sqzctl.run(daemon, "show", "\(second)").lines
        for words in ["place in the queue", "start", "end", "reason"] {
            #expect(shown.contains { $0.hasPrefix(words + " ") }, "\(words): \(shown)")
        }
        #expect(try Sqzctl.run(daemon, "show", "\(running)").lines.contains { $0.hasPrefix("end ") })
        let (top, output) = try Sqzctl.start(daemon, ["top"], until: "number 2, start about")
        top.signal(SIGINT)
        _ = top.wait()
        close(output)
        for id in [second, first, running] { try daemon.cancel(id) }
        try daemon.end(of: running)
    }
}

extension Date {
    fileprivate var microseconds: Int { Int(timeIntervalSince1970 * 1e6) }
}
