import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Options of jobs as the runners of a daemon declare them.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }) struct OptionTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func kinds() throws -> [JobKind] {
        try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners.flatMap(\.kinds)
    }

    @Test(arguments: ["train", "evaluate", "predict", "quantize", "compress"]) func helpSaysWhatTheRunnerDeclares(
        verb: String
    )
        throws
    {
        let kind = try #require(kinds().first { $0.name == verb })
        // In one line, however it was folded.
        let help = try Sqzctl.run(daemon, verb, "--help").output.split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
        let runners = try Sqzctl.run(daemon, "runners").output
        #expect(kind.options.contains { $0.name == "threads" && $0.maximum == 32 })
        for option in kind.options {
            let fallback = kind.shownDefault(of: option).map { "; default: \($0)" } ?? ""
            let flag =
                option.type == .flag
                ? "--\(option.name)/--no-\(option.name)" : "--\(option.name) <\(option.name)>"
            #expect(help.contains("\(flag) \(option.help) (\(option.values)\(fallback))"), "\(help)")
            #expect(runners.contains("  \(option.name) ") && runners.contains(option.values), "\(runners)")
        }
    }

    @Test func anOptionOutsideItsRangeIsRefusedWhenItIsSubmitted() throws {
        for verb in ["train", "evaluate", "predict"] {
            #expect(
                try daemon.expectInvalid(
                    "threads", from: JobsInterface.Submit.self, .init(kind: verb, options: ["threads": .integer(64)]))
                    == "must be at most 32, is 64")
            try Sqzctl.run(daemon, verb, "--threads", "64").expect(64, "threads: must be at most 32, is 64")
        }
        try Sqzctl.run(daemon, "train", "--validation-share", "0.6").expect(
            64, "validation-share: must be at most 0.5, is 0.6")
    }

    @Test func aJobOfAnyKindIsSubmitted() throws {
        let text = try Sqzctl.run(
            daemon, "submit", "countdown", "-o", "from=5", "--option", "delay=0", "-o", "crash=false", "--priority",
            "-3",
            "--follow")
        text.expect(0)
        #expect(text.lines.last?.hasSuffix("succeeded") == true)
        let counted = try daemon.job(#require(Int(text.lines.first ?? "")))
        #expect(counted.kind == "countdown" && counted.priority == -3)
        #expect(counted.options == ["from": .integer(5), "delay": .number(0), "crash": .bool(false)])

        let reply = try Sqzctl.run(daemon, "submit", "countdown", "--json").reply(JobsInterface.Submit.Reply.self)
        #expect(try daemon.end(of: reply.id).options == [:])

        let trained = try Sqzctl.run(
            daemon, "submit", "train", "--data", "colours", "--model", "named", "-o", "epochs=1", "-o",
            "arch=squeezenet-cifar",
            "-o", "batch-size=50", "--follow")
        trained.expect(0)
        #expect(trained.output.contains("succeeded: model named@1"), "\(trained.output)")
    }

    /// In the daemon's words, whoever finds it.
    @Test(arguments: [
        ("from", "0", JSONValue.integer(0)), ("from", "many", .string("many")), ("from", "2.5", .string("2.5")),
        ("delay", "61", .number(61)), ("delay", "nan", .string("nan")), ("delay", "", .string("")),
        ("crash", "yes", .string("yes")), ("till", "3", .string("3")),
    ]) func whatDoesNotFitIsRefused(name: String, text: String, value: JSONValue) throws {
        let reason = try daemon.expectInvalid(
            name, from: JobsInterface.Submit.self, .init(kind: "countdown", options: [name: value]))
        try Sqzctl.run(daemon, "submit", "countdown", "-o", "\(name)=\(text)").expect(
            64, "sqzctl: \(name): \(reason)\n")
    }

    @Test func whatIsNoCommandLineIsUsage() throws {
        try Sqzctl.run(daemon, "submit", "dance").expect(64, "no runner offers jobs of the kind dance", "countdown")
        for word in ["from", "=5"] { try Sqzctl.run(daemon, "submit", "countdown", "-o", word).expect(64, word) }
        try Sqzctl.run(daemon, "submit").expect(64, "kind")
    }

    @Test func whatIsRefusedImportsNothing() throws {
        let folder = try Colours.write(to: daemon.scratch, "unused", train: 20, test: 10, seed: 9)
        try Sqzctl.run(daemon, "submit", "train", "--data", folder, "-o", "epochs=0").expect(64, "epochs", "at least 1")
        #expect(try daemon.call(DatasetsInterface.List.self, NoParameters()).datasets.map(\.name) == ["colours"])
    }
}
