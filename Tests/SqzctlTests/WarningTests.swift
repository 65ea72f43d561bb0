import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What `sqzctl` says of a model that is no good, and of a file that is no model.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }) struct WarningTests
{
    private static let told = "no better than chance"
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    @Test func everyViewTellsOfADeadNetwork() throws {
        let followed = try Sqzctl.run(
            daemon, "train", "--recipe", "tutorial", "--epochs", "2", "--batch-size", "20", "--learning-rate", "1",
            "--model", "dead",
            "--follow")
        let warning = "\(Self.told): try a smaller learning rate, another seed or more epochs"
        #expect(followed.lines.contains { $0.contains("epoch 2/2") && $0.hasSuffix("  " + warning) }, "\(followed)")
        let end = followed.lines.first { $0.contains("succeeded: model dead@1") }
        #expect(end?.hasSuffix("; " + warning) == true)

        func row(_ start: String, _ words: String...) throws -> String? {
            try Transcript.run([Sqzctl.path] + words, environment: ["SQZD_SOCKET": daemon.socket]).lines
                .first { $0.hasPrefix(start) }
        }
        #expect(try row("MODEL", "models")?.hasSuffix("  WARNING") == true)
        #expect(try row("dead@1", "models")?.hasSuffix("  " + warning) == true)
        #expect(try row("warning", "model", "show", "dead")?.hasSuffix("  " + warning) == true)
        let job = try #require(daemon.call(ModelsInterface.Show.self, .init(model: "dead")).model.job)
        #expect(try row("warning", "show", "\(job)")?.hasSuffix("  " + warning) == true)
        #expect(try row("outcome", "show", "\(job)")?.contains(Self.told) == false)
        #expect(try Sqzctl.run(daemon, "jobs", "--limit", "1").output.contains(", \(Self.told)\n"))

        let picture = try scratch.write("picture.bin", Colours.records(1, seed: 3)[0])
        try Sqzctl.run(daemon, "classify", picture).expect(66, "dead@1", "--model")
        try Sqzctl.run(daemon, "classify", picture, "--model", "dead").expect(0)
    }

    @Test func anEvaluationSaysOfWhichPicturesItIs() throws {
        _ = try daemon.train(as: "alive", options: ["epochs": .integer(3)])
        let evaluated = try Sqzctl.run(daemon, "evaluate", "--model", "alive", "--follow")
        #expect(evaluated.lines.contains { $0.contains("succeeded: 40 images (the test pictures), loss ") })
    }

    @Test func aFileThatIsNoModelIsNamedAsItsUserKnowsIt() throws {
        let file = try scratch.write("weights.pth", [0x50, 0x4b, 3, 4] + [UInt8](repeating: 7, count: 100))
        let refused = try Sqzctl.run(daemon, "model", "import", file, "--name", "x")
        refused.expect(65, "\(file): it is not a whole zip archive: ")
        let cut = try scratch.write("cut.safetensors", [40, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\":".utf8))
        let short = try Sqzctl.run(daemon, "model", "import", cut, "--name", "x")
        short.expect(65, "\(cut): not a valid safetensors file: ")
        for transcript in [refused, short] { #expect(!transcript.errors.contains(daemon.state)) }
    }
}
