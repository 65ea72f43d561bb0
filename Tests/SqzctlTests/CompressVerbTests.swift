import SqzProtocol
import TestSupport
import Testing

/// Models of few numbers, by command line.
@Suite(.serialized, .daemon(trained: "tints")) struct CompressVerbTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func compressNamesWhatItMakesAndShowsBothFigures() throws {
        let followed = try Sqzctl.run(daemon, "compress", "tints", "--target", "0.05MB", "--epochs", "2", "--follow")
        followed.expect(0)
        #expect(followed.output.contains("model tints-small@1"), "\(followed.output)")
        #expect(followed.output.contains(", before "), "\(followed.output)")
        let shown = try Sqzctl.run(daemon, "model", "show", "tints-small").output
        #expect(shown.contains("brought to 4 bits") && shown.contains("of tints@1"), "\(shown)")
        #expect(try daemon.call(ModelsInterface.Show.self, .init(model: "tints-small")).model.size <= 50_000)
        try Sqzctl.run(daemon, "compress").expect(64, "model")
        try Sqzctl.run(daemon, "compress", "tints", "--bits", "9").expect(64, "bits: must be at most 8, is 9")
        try Sqzctl.run(daemon, "compress", "tints", "--target", "little").expect(64, "80kB")
        try Sqzctl.run(daemon, "compress", "nobody").expect(66, "nobody")
    }

    @Test func anExportGivesItOutAgain() throws {
        try Sqzctl.run(daemon, "compress", "tints", "--epochs", "0", "--name", "few", "--follow").expect(0)
        let scratch = try ScratchDirectory()
        try Sqzctl.run(daemon, "model", "export", "few", scratch["m.safetensors"]).expect(0)
        try Sqzctl.run(daemon, "model", "import", scratch["m.safetensors"], "--name", "again").expect(0)
        func model(_ name: String) throws -> Model {
            try daemon.call(ModelsInterface.Show.self, .init(model: name)).model
        }
        #expect(try model("again").sha256 == model("few").sha256)
        try Sqzctl.run(daemon, "model", "export", "few", scratch["m.net"]).expect(0)
        #expect(try scratch.read("m.net").count < model("tints").size / 2)
        try Sqzctl.run(daemon, "model", "export", "tints", scratch["all.net"]).expect(65, "sqzctl compress made")
    }
}
