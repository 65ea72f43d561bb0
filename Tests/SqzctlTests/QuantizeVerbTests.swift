import SqzProtocol
import TestSupport
import Testing

/// Models of eight bits, by command line.
@Suite(.serialized, .daemon(trained: "tints")) struct QuantizeVerbTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func quantizeNamesWhatItMakesAndShowsBothFigures() throws {
        let followed = try Sqzctl.run(daemon, "quantize", "tints", "--pictures", "20", "--follow")
        followed.expect(0)
        #expect(followed.output.contains("model tints-int8@1"), "\(followed.output)")
        #expect(followed.output.contains(", before "), "\(followed.output)")
        let shown = try Sqzctl.run(daemon, "model", "show", "tints-int8").output
        #expect(
            shown.contains("parameters of 8 bits)") && shown.contains("brought to 8 bits with 20 pictures"), "\(shown)")
        #expect(shown.contains("of tints@1"), "\(shown)")
        #expect(try Sqzctl.run(daemon, "model", "show", "tints").output.contains(" of 8 bits") == false)

        let named = try Sqzctl.run(daemon, "--json", "quantize", "tints@1", "--name", "small", "--bits", "8")
        named.expect(0)
        let job = try daemon.end(of: named.reply(JobsInterface.Submit.Reply.self).id)
        #expect(job.outcome?.model == "small@1" && job.base == "tints@1")

        try Sqzctl.run(daemon, "quantize").expect(64, "model")
        try Sqzctl.run(daemon, "quantize", "tints", "--bits", "3").expect(64, "bits: must be at least 4, is 3")
        try Sqzctl.run(daemon, "quantize", "nobody").expect(66, "nobody")
    }

    @Test func anExportGivesItOutAgainAndOtherFormatsSayWhyNot() throws {
        try Sqzctl.run(daemon, "quantize", "tints", "--name", "eight", "--follow").expect(0)
        let scratch = try ScratchDirectory()
        func sha256(_ model: String) throws -> String {
            try daemon.call(ModelsInterface.Show.self, .init(model: model)).model.sha256
        }
        for (file, name) in [("m.safetensors", "again"), ("m.onnx", "graph")] {
            try Sqzctl.run(daemon, "model", "export", "eight", scratch[file]).expect(0)
            try Sqzctl.run(daemon, "model", "import", scratch[file], "--name", name).expect(0)
            #expect(try sha256(name) == sha256("eight"), "\(file)")
        }
        try Sqzctl.run(daemon, "model", "export", "eight", scratch["m.pth"]).expect(65, "a model of eight bits")
        #expect(try scratch.names().sorted() == ["m.onnx", "m.safetensors"])
        try Sqzctl.run(daemon, "quantize", "tints", "--name", "four", "--bits", "4", "--follow").expect(0)
        let (eight, four) = try (
            daemon.call(ModelsInterface.Show.self, .init(model: "eight")).model,
            daemon.call(ModelsInterface.Show.self, .init(model: "four")).model
        )
        #expect(four.bits == 4 && Double(four.size) < 0.65 * Double(eight.size), "\(four.size) of \(eight.size) bytes")
    }
}
