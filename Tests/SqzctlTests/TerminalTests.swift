import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What is shown fits the terminal; behind a pipe nothing is cut.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours(train: 1_000)
        return daemon
    }) struct TerminalTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    /// What it prints on a terminal of this size: script(1) is one.
    private func run(columns: Int, rows: Int = 24, _ words: String...) throws -> String {
        let command = "stty columns \(columns) rows \(rows); exec \(Sqzctl.path) \(words.joined(separator: " "))"
        let transcript = try Transcript.run(
            ["timeout", "--kill-after=5", "60", "script", "--quiet", "--return", "--command", command, "/dev/null"],
            environment: ["SQZD_SOCKET": daemon.socket])
        #expect(transcript.ending == .exited(0), "\(transcript.output)")
        return transcript.output.replacingOccurrences(of: "\r\n", with: "\n")
    }

    @Test(arguments: [40, 80, 120]) func theLiveLineFits(columns: Int) throws {
        let text = try run(
            columns: columns, "train", "--epochs", "5", "--batch-size", "4", "--threads", "1", "--follow")
        let live = text.components(separatedBy: "\r\u{1B}[K").dropFirst().map {
            $0.prefix { $0 != "\n" }
        }.filter { $0.contains("/5") && !$0.contains("accuracy 1 ") }
        let later = live.filter { !$0.contains("epoch 1/") && $0.contains(" left") }
        #expect(!later.isEmpty, "\(text)")
        for line in later {
            #expect(line.count < columns && line.hasPrefix("job ") && !line.contains("…"), "\(line)")
            // What matters more is there where there is room for it.
            #expect(columns < 80 || line.contains("  step ") && line.contains("  accuracy "))
            #expect(columns < 120 || line.contains("validation loss"))
        }
    }

    @Test func tablesFitATerminalAndAreWholeBehindAPipe() throws {
        let job = try daemon.submit(
            .init(
                kind: "train", dataset: "colours",
                model: "a-name-that-is-as-long-as-a-name-may-be-so-that-it-is-cut",
                hold: true))
        /// Of the lines that are a table's, not a runner's name or a kind's help.
        func width(_ text: String) -> Int {
            text.split(separator: "\n").filter { !$0.contains("/") && !$0.contains(": ") }.map(\.count).max() ?? 0
        }
        for verb in ["jobs", "runners", "datasets"] {
            let whole = try Sqzctl.run(daemon, verb).output
            #expect(!whole.contains("…") && width(whole) > 60)
            for columns in [20, 60, 80] {
                let text = try run(columns: columns, verb)
                #expect(width(text) <= columns && width(text) > columns / 2, "\(text)")
                #expect(text.contains("…") == (width(whole) > columns), "\(text)")
            }
            #expect(try run(columns: 400, verb) == whole)
        }
        try daemon.cancel(job)
    }

    @Test func topFitsTheHeight() throws {
        let blocker = try daemon.block()
        let waiting = try (0..<30).map { _ in try daemon.countDown() }
        let command = "stty columns 80 rows 12; exec timeout --signal=INT --foreground 2 \(Sqzctl.path) top"
        let transcript = try Transcript.run(
            ["timeout", "--kill-after=5", "60", "script", "--quiet", "--command", command, "/dev/null"],
            environment: ["SQZD_SOCKET": daemon.socket])
        let frame = try #require(transcript.output.components(separatedBy: "\u{1B}[H\u{1B}[J").last)
        let lines = frame.components(separatedBy: "\r\n")
        #expect(lines.count == 12 && lines[0] == "1 running, 30 waiting", "\(frame)")
        #expect(lines[3].contains(" countdown  running ") && lines[3].contains("\(blocker) "))
        #expect(lines[10] == "and 24 more" && lines[11].isEmpty)
        for id in waiting + [blocker] { try daemon.cancel(id) }
    }
}
