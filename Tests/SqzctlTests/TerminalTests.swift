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
            environment: ["SQZD_SOCKET": daemon.socket, "NO_COLOR": "1"])
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
        // It goes on from left to right, and has no other ways.
        let bars = live.map { line in line.count { "█▏▎▍▌▋▊▉░".contains($0) } }.filter { $0 > 0 }
        #expect(Set(bars).count == 1, "\(text)")
        for line in later {
            #expect(line.count < columns && line.hasPrefix("job ") && !line.contains("…"), "\(line)")
            // What matters more is there where there is room for it.
            #expect(line.contains("█") || line.contains("░"), "\(line)")
            #expect(columns < 80 || line.contains("  loss ") && line.contains("  accuracy ") && line.contains("/s  "))
            #expect(columns < 120 || line.contains("  step ") && line.contains("  validation "))
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
        for verb in ["jobs", "datasets"] {
            let whole = try Sqzctl.run(daemon, verb).output
            #expect(!whole.contains("…") && width(whole) > 60)
            for columns in [20, 40, 60, 80, 120] {
                let text = try run(columns: columns, verb)
                #expect(width(text) <= columns && width(text) > columns / 2, "\(text)")
                // What is not there was left out, or cut.
                #expect((text == whole) == (width(whole) <= columns), "\(text)")
                #expect(try run(columns: columns, verb, "--wide") == whole)
            }
            #expect(try run(columns: 400, verb) == whole)
        }
        // A name is cut in its middle, after what matters less has gone.
        let text = try run(columns: 80, "jobs")
        #expect(text.contains("a-name-") && text.contains("-cut  ") && !text.contains("SUBMITTED"), "\(text)")
        for columns in [40, 80] {
            #expect(try run(columns: columns, "jobs").contains("paused"))
        }
        try daemon.cancel(job)
    }

    /// A text's words, however it is broken into lines.
    private func words(_ text: String) -> [Substring] { text.split { " \n".contains($0) } }

    @Test func whatIsLongGoesOnBelowItself() throws {
        let job = try daemon.train(as: "long", options: ["epochs": .integer(1), "batch-size": .integer(500)]).id
        for verb in [["show", "\(job)"], ["model", "show", "long"]] {
            let whole = try Sqzctl.run(daemon, "show", "\(job)").output
            let text = try run(columns: 80, verb.joined(separator: " "))
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
            #expect(!text.contains("…") && text.contains("\n    "), "\(text)")
            if verb[0] == "show" { #expect(words(text) == words(whole)) }
        }
        // What has ended has no time left.
        #expect(try !Sqzctl.run(daemon, "show", "\(job)").output.contains(" left"))
        let whole = try Sqzctl.run(daemon, "runners").output
        // A list of choices is broken between them.
        let broken = words(whole).filter { $0.contains("|") }
        for columns in [80, 100] {
            let text = try run(columns: columns, "runners")
            let table = text.split(separator: "\n").filter { !$0.contains("/") && !$0.contains(": ") }
            #expect(table.allSatisfy { $0.count <= columns }, "\(text)")
            let missing = Set(words(whole)).subtracting(words(text) + broken).filter { $0.count < columns - 4 }
            #expect(!text.contains("…") && missing.isEmpty, "\(missing), \(text)")
        }
        #expect(try run(columns: 400, "runners") == whole)
    }

    @Test func aNameIsNotCutBeforeWhatStandsBesideIt() throws {
        let name = "a-name-of-thirty-three-characters"
        _ = try daemon.train(as: name, options: ["epochs": .integer(1), "batch-size": .integer(500)])
        let text = try run(columns: 80, "models")
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 } && text.contains("\n\(name)@1  "), "\(text)")
        try Sqzctl.run(daemon, "model", "rm", name).expect(0)
    }

    @Test func aWarningHasRoomBeforeDetails() throws {
        let options: [String: JSONValue] = [
            "epochs": .integer(2), "learning-rate": .number(1),
        ]
        #expect(try daemon.train(as: "dead", options: options).outcome?.warning != nil)
        let text = try run(columns: 80, "models")
        let row = text.split(separator: "\n").first { $0.hasPrefix("dead@1 ") }
        #expect(row?.contains("  no better") == true && !text.contains("PARAMETERS"), "\(text)")
        let whole = try Sqzctl.run(daemon, "models").output
        #expect(whole.contains("PARAMETERS"))
        #expect(try run(columns: 400, "models") == whole)
        try Sqzctl.run(daemon, "model", "rm", "dead").expect(0)
    }

    @Test func topFitsTheHeight() throws {
        let blocker = try daemon.block()
        let waiting = try (0..<30).map { _ in try daemon.countDown() }
        let command = "stty columns 80 rows 12; exec timeout --signal=INT --foreground 2 \(Sqzctl.path) top"
        let transcript = try Transcript.run(
            ["timeout", "--kill-after=5", "60", "script", "--quiet", "--command", command, "/dev/null"],
            environment: ["SQZD_SOCKET": daemon.socket, "NO_COLOR": "1"])
        let frame = try #require(transcript.output.components(separatedBy: "\u{1B}[H\u{1B}[J").last)
        let lines = frame.components(separatedBy: "\r\n")
        #expect(lines.count == 12 && lines[0] == "1 running, 30 waiting", "\(frame)")
        #expect(lines[3].contains("running") && lines[3].contains("▸") && lines[3].contains("\(blocker) "))
        #expect(lines[11].contains("1 to 8 of 31  q quit"))
        for id in waiting + [blocker] { try daemon.cancel(id) }
    }
}
