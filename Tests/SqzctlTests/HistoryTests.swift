import Foundation
import SqzProtocol
import TestSupport
import Testing

/// What `show` has of a job's epochs, from a runner whose figures are known.
@Suite(
    .serialized,
    .daemon {
        try TestDaemon(runners: [
            .python(
                "curves",
                run: """
                    count = 40
                    for epoch in range(1, count + 1):
                        progress = {'epoch': epoch, 'epochs': count, 'step': 1, 'steps': 1, 'loss': 4.0 / epoch,
                                    'accuracy': epoch / count, 'validationLoss': 2.0,
                                    'validationAccuracy': 1.0 - abs(epoch - 13) / 40.0}
                        send({'progress': progress, 'epochEnded': True}, continues=True)
                    send({'result': {}})
                    """)
        ])
    }) struct HistoryTests
{
    @Test func curvesAndSomeEpochsWithTheBest() throws {
        let daemon = try #require(TestDaemon.current)
        let id = try daemon.submit(.init(kind: "scripted"))
        try daemon.end(of: id)
        let lines = try Sqzctl.run(daemon, "show", "\(id)").lines
        func line(_ name: String) throws -> String { try #require(lines.first { $0.hasPrefix(name + "  ") }) }
        #expect(try line("accuracy").contains("▁") && line("accuracy").hasSuffix("█  2.5 % to 100.0 %"))
        #expect(try line("loss").contains("█▄") && line("loss").hasSuffix("▁  4.000 to 0.1000"))
        // What does not change is in the middle.
        #expect(try line("validation loss").contains("  ▅▅▅▅"))
        let rows = lines.drop { !$0.contains("EPOCH  ") }.dropFirst().prefix {
            $0.hasPrefix("  ") || $0.first?.isNumber == true
        }
        let epochs = rows.filter { !$0.contains(" of ") }.compactMap {
            $0.split(separator: " ").first.flatMap { Int($0) }
        }
        #expect(epochs.first == 1 && epochs.last == 40 && epochs.contains(13) && (20...21).contains(epochs.count))
        #expect(rows.filter { $0.hasSuffix("*") }.map { $0.split(separator: " ")[0] } == ["13"])
        #expect(lines.last == "\(epochs.count) of 40 epochs; --all-epochs shows all")
        let all = try Sqzctl.run(daemon, "show", "\(id)", "--all-epochs").lines
        #expect(all.drop { !$0.contains("EPOCH  ") }.count == 41)

        let plain = try Transcript.run(
            [Sqzctl.path, "show", "\(id)"], environment: ["SQZD_SOCKET": daemon.socket, "LC_ALL": "POSIX"])
        #expect(plain.output.utf8.allSatisfy { $0 < 128 } && plain.output.contains("_"), "\(plain.output)")
    }

    @Test func coloursAreForTerminalsAndForWhoWantsThem() throws {
        let daemon = try #require(TestDaemon.current)
        let id = try daemon.submit(.init(kind: "scripted"))
        try daemon.end(of: id)
        let green = "\u{1B}[32msucceeded\u{1B}[0m"
        for verb in [["jobs"], ["show", "\(id)"], ["watch", "\(id)"]] {
            #expect(try !Sqzctl.run(socket: daemon.socket, verb).output.contains("\u{1B}"))
            for words in [verb + ["--color", "always"], ["--color=always"] + verb] {
                #expect(try Sqzctl.run(socket: daemon.socket, words).output.contains(green), "\(words)")
            }
            func onTerminal(_ words: String, _ environment: [String: String] = [:]) throws -> String {
                try Transcript.run(
                    ["script", "--quiet", "--return", "--command", "\(Sqzctl.path) \(words)", "/dev/null"],
                    environment: ["SQZD_SOCKET": daemon.socket, "TERM": "xterm", "NO_COLOR": ""].merging(environment) {
                        $1
                    }
                ).output
            }
            let words = verb.joined(separator: " ")
            #expect(try onTerminal(words).contains(green))
            #expect(try !onTerminal(words, ["NO_COLOR": "1"]).contains("\u{1B}[3"))
            #expect(try !onTerminal(words, ["TERM": "dumb"]).contains("\u{1B}[3"))
            #expect(try !onTerminal(words + " --color never").contains("\u{1B}[3"))
            #expect(try onTerminal(words + " --color always", ["NO_COLOR": "1"]).contains(green))
        }
    }
}
