import Foundation
import TestSupport
import Testing
import Varlink

/// What `sqzctl` tells of itself, which needs no daemon.
@Suite struct HelpTests {
    private static let nowhere = "/nowhere/at/all"

    private struct ToolInfo: Decodable {
        struct Command: Decodable {
            var commandName: String
            var abstract: String?
            var subcommands: [Command]?
        }
        var command: Command
    }

    /// Every verb with its subverbs, as words, from the argument parser's own description.
    private static func commands() throws -> [[String]] {
        let dump = try Sqzctl.run(socket: nowhere, ["--experimental-dump-help"])
        func words(_ command: ToolInfo.Command, _ before: [String]) -> [[String]] {
            (command.subcommands ?? []).filter { $0.commandName != "help" }.flatMap { sub in
                [before + [sub.commandName]] + words(sub, before + [sub.commandName])
            }
        }
        return words(try JSONDecoder().decode(ToolInfo.self, from: Data(dump.output.utf8)).command, [])
    }

    @Test func theVerbsAreThere() throws {
        #expect(
            try Set(Self.commands().map { $0.joined(separator: " ") }) == [
                "train", "classify", "predict", "evaluate", "quantize", "compress", "submit", "history", "plot",
                "compare",
                "report",
                "export-events", "jobs", "show", "sweep", "watch", "wait", "logs",
                "predictions",
                "cancel", "finish", "pause", "resume", "retry", "prioritize", "limit", "models", "model", "model show",
                "model export",
                "model import",
                "model rm", "model promote", "model rollback", "model tag", "model untag", "model rename", "model give",
                "model load", "model unload", "model push", "model pin", "model unpin", "model set", "datasets",
                "dataset",
                "dataset show",
                "dataset import", "dataset picture", "dataset give",
                "dataset rm", "runners", "recipes", "info", "metrics", "top", "bench", "jobs rm", "disk", "prune",
                "backup",
                "restore", "doctor",
            ])
    }

    @Test func everyVerbHasAnExample() throws {
        for words in try [[]] + Self.commands() {
            let help = try Sqzctl.run(socket: Self.nowhere, words + ["--help"])
            #expect(help.ending == .exited(0) && help.errors.isEmpty)
            #expect(help.output.contains("For example"), "\(words)")
            #expect(help.output.contains("sqzctl \((words + [""]).joined(separator: " "))"), "\(words)")
        }
    }

    /// The parser breaks what is longer than its 80 columns; what the source breaks before would leave a short line, and an
    /// example could not be copied.
    @Test func noHelpIsRagged() throws {
        for words in try [[]] + Self.commands() {
            let help = try Sqzctl.run(socket: Self.nowhere, words + ["--help"]).output
            let overview = help.components(separatedBy: "\n").prefix { !$0.hasPrefix("USAGE") }
            for (line, next) in zip(overview, overview.dropFirst())
            where !line.isEmpty && next.first.map({ $0 != " " }) == true {
                #expect(!line.hasPrefix(" "), "\(words): an example is broken: \(line)")
                let word = next.prefix { $0 != " " }
                #expect(line.count + 1 + word.count >= 80, "\(words): \(line)")
            }
        }
    }

    @Test func theVersionIsToldWithoutADaemon() throws {
        let version = try Sqzctl.run(socket: Self.nowhere, ["--version"])
        #expect(version.ending == .exited(0) && version.lines.count == 1)
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completionsAreMade(shell: String) throws {
        let script = try Sqzctl.run(socket: Self.nowhere, ["--generate-completion-script", shell])
        #expect(script.ending == .exited(0))
        for word in ["sqzctl", "train", "classify", "dataset", "learning-rate"] {
            #expect(script.output.contains(word), "\(word)")
        }
        guard shell == "bash" else { return }
        #expect(try Transcript.run(["bash", "-n"], input: Array(script.output.utf8)).ending == .exited(0))
    }

    @Test(arguments: [
        (["dance"], "dance"), (["jobs", "--colour"], "--colour"), (["--colour", "jobs"], "--colour"), (["show"], "job"),
        (["logs", "first"], "first"), (["train", "--epochs", "many"], "many"), (["classify"], "images"),
        (["jobs", "--state", "sleeping"], "sleeping"), (["wait", "1", "--timeout", "-1"], "--timeout"),
        (["dataset", "dance"], "dance"), (["train", "--learning-rate"], "--learning-rate"),
        (["train", "--time-limit", "0"], "--time-limit"), (["train", "--time-limit", "5x"], "5x"),
        (["train", "--time-limit", "-1"], "--time-limit"), (["train", "--time-limit", "1.5h"], "1.5h"),
        (["train", "--deadline", "tomorrow"], "tomorrow"), (["train", "--deadline", "+"], "--deadline"),
        (["train", "--deadline", "2100-02-30T08:00"], "2100-02-30T08:00"),
        (["train", "--deadline", "2100-02-03T08:00+1"], "2100-02-03T08:00+1"),
        (["train", "--deadline", "2100-02-03T24:00"], "2100-02-03T24:00"), (["jobs", "--color", "red"], "red"),
        (["train", "--seeds", "3..1"], "3..1"), (["train", "--seeds", "1,x"], "1,x"),
        (["train", "--sweep", "seed"], "seed"),
    ]) func aWrongCommandLineIsUsage(words: [String], named: String) throws {
        let transcript = try Sqzctl.run(socket: Self.nowhere, words)
        transcript.expect(64, named)
        #expect(transcript.errors.hasPrefix("sqzctl: "), "\(transcript.errors)")
        #expect(transcript.output.isEmpty)
        // A program gets the sentence alone.
        let told = try Sqzctl.run(socket: Self.nowhere, ["--json"] + words)
        told.expect(64, named)
        #expect(!told.errors.contains("Usage:") && !told.errors.contains("\\n"), "\(told.errors)")
    }

    @Test func aVerbHasHelpBehindTheWordToo() throws {
        for words in [["help"], ["help", "show"], ["help", "model", "show"], ["help", "show", "7"]] {
            #expect(try Sqzctl.run(socket: Self.nowhere, words).ending == .exited(0), "\(words)")
        }
    }
}
