import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Models of eight bits, through the daemon.
@Suite(.serialized, .daemon(trained: "base")) struct QuantizeJobTests {
    private typealias Submit = JobsInterface.Submit
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func quantize(
        _ base: String?, as name: String, _ options: [String: JSONValue] = [:]
    ) throws -> Job {
        let id = try daemon.submit(
            .init(kind: "quantize", options: options, dataset: "colours", model: name, base: base))
        return try daemon.end(of: id)
    }

    @Test func aModelOfEightBitsIsMadeMeasuredAndUsedAsAnyOther() throws {
        let job = try quantize("base", as: "small", ["calibration": .string("maximum")])
        #expect(job.state == .succeeded && job.outcome?.model == "small@1", "\(job.reason ?? "")")
        let (before, after) = (try #require(job.outcome?.before), try #require(job.outcome))
        // Colours are easy: what eight bits lose is no picture.
        #expect(before.accuracy == after.accuracy && before.loss != after.loss)
        let base = try daemon.call(ModelsInterface.Show.self, .init(model: "base"))
        let made = try daemon.call(ModelsInterface.Show.self, .init(model: "small"))
        #expect(made.model.bits == 8 && base.model.bits == nil && made.model.accuracy == after.accuracy)
        #expect(made.model.size < base.model.size / 3)
        let newest = try #require(made.history?.first)
        #expect(newest.bits == 8 && newest.base == "base@1" && newest.baseWeightsSha256 == base.model.weightsSha256)
        #expect(newest.options == ["calibration": "maximum"] && made.history?.dropFirst().first == base.history?.first)

        func evaluated(_ model: String) throws -> Outcome {
            let id = try daemon.submit(.init(kind: "evaluate", dataset: "colours", model: model))
            return try #require(try daemon.end(of: id).outcome)
        }
        #expect(try evaluated("small").accuracy == evaluated("base").accuracy)
        let predictions = try daemon.submit(.init(kind: "predict", dataset: "colours", model: "small"))
        #expect(try daemon.end(of: predictions).state == .succeeded)
    }

    @Test func whatCantBeIsRefused() throws {
        #expect(try quantize("base", as: "again").state == .succeeded)
        let again = try quantize("again", as: "twice")
        #expect(
            again.state == .failed && again.reason?.contains("is a model of 8 bits already") == true,
            "\(again.reason ?? "")")
        _ = try daemon.expectInvalid("base", from: Submit.self, .init(kind: "quantize", dataset: "colours", model: "x"))
        let id = try daemon.submit(
            .init(kind: "train", options: ["epochs": .integer(1)], dataset: "colours", model: "tuned", base: "again"))
        let job = try daemon.end(of: id)
        #expect(job.state == .failed && job.reason?.contains("can't be trained on") == true, "\(job.reason ?? "")")
        _ = try daemon.expectInvalid(
            "bits", from: Submit.self,
            .init(kind: "quantize", options: ["bits": .integer(3)], dataset: "colours", model: "x", base: "base"))
    }
}
