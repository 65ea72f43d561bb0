import SqzProtocol
import TestSupport
import Testing
import Varlink

/// The recipe's scores have no ReLU, so that the model's logits are lifted.
private let training: [String: JSONValue] = [
    "recipe": .string("quick"), "epochs": .integer(6), "validation-share": .number(0.3),
]

/// Models whose logits are divided by a temperature, through the daemon.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importMislabelledColours()
        _ = try daemon.train("colours", as: "base", options: training)
        return daemon
    }) struct CalibrateJobTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func job(
        _ kind: String, _ options: [String: JSONValue] = [:], on dataset: String = "colours", model: String,
        base: String? = nil
    ) throws -> Job {
        let id = try daemon.submit(
            .init(kind: kind, options: options, dataset: dataset, model: model, base: base))
        return try daemon.end(of: id)
    }

    private func model(_ name: String) throws -> ModelsInterface.Show.Reply {
        try daemon.call(ModelsInterface.Show.self, .init(model: name))
    }

    private func evaluated(_ model: String) throws -> Outcome {
        try #require(try job("evaluate", ["split": .string("validation")], model: model).outcome)
    }

    @Test func whatWasHeldOutSaysTheTemperatureThatTheModelHasSinceThen() throws {
        let job = try job("calibrate", model: "calm", base: "base")
        #expect(job.state == .succeeded && job.outcome?.model == "calm@1", "\(job.reason ?? "")")
        let outcome = try #require(job.outcome)
        let temperature = try #require(outcome.temperature)
        #expect(outcome.images == 90 && outcome.measured == "those held out of training")
        // Both as an evaluation finds them.
        let (before, after) = (try evaluated("base"), try evaluated("calm"))
        #expect(
            outcome.before
                == Figures(
                    loss: before.loss, accuracy: before.accuracy,
                    calibrationError: before.measurement?.calibrationError))
        #expect(outcome.loss == after.loss && outcome.measurement == after.measurement)
        #expect(outcome.accuracy == before.accuracy && outcome.byClass == before.byClass)
        #expect(try #require(after.loss) < #require(before.loss))

        let (base, made) = (try model("base"), try model("calm"))
        #expect(made.model.size > 0 && made.model.weightsSha256 != base.model.weightsSha256)
        let newest = try #require(made.history?.first)
        #expect(newest.temperature == temperature && newest.pictures == 90 && newest.dataset == "colours")
        #expect(newest.base == "base@1" && newest.baseWeightsSha256 == base.model.weightsSha256)
        #expect(made.history?.dropFirst().first == base.history?.first)

        // What is calibrated stays nearly as it is.
        let again = try #require(try self.job("calibrate", model: "calmer", base: "calm").outcome?.temperature)
        #expect(abs(again - 1) < 1e-4, "\(again)")
    }

    @Test func anyNumberOfThreadsMakesTheSameFile() throws {
        let sums = try [1, 2, 3].map { threads in
            let job = try job("calibrate", ["threads": .integer(Int64(threads))], model: "threads", base: "base")
            return try model(#require(job.outcome?.model)).model.sha256
        }
        #expect(Set(sums).count == 1, "\(sums)")
    }

    @Test func modelsOfEightBitsAreCalibratedToo() throws {
        #expect(try job("quantize", model: "eight", base: "base").state == .succeeded)
        let job = try job("calibrate", model: "eight", base: "eight@1")
        #expect(job.state == .succeeded && job.outcome?.model == "eight@2", "\(job.reason ?? "")")
        #expect(try model("eight@2").model.bits == 8)
        let (outcome, before) = (try #require(job.outcome), try #require(job.outcome?.before))
        #expect(try outcome.accuracy == before.accuracy && #require(outcome.loss) < #require(before.loss))
        #expect(try evaluated("eight@2").loss == outcome.loss)
    }

    @Test func whatWasLearntSaysNothing() throws {
        let learnt = try job("calibrate", ["split": .string("train")], model: "x", base: "base")
        #expect(learnt.state == .failed && learnt.reason?.contains("the model learnt these pictures") == true)
        #expect(learnt.reason?.contains("right would be validation") == true, "\(learnt.reason ?? "")")
        // Nothing was held out where the test pictures validate.
        #expect(try daemon.train("colours", as: "whole").state == .succeeded)
        let whole = try job("calibrate", model: "x", base: "whole")
        #expect(
            whole.state == .failed && whole.reason?.contains("nothing of this data set was held out") == true,
            "\(whole.reason ?? "")")
        let tested = try job("calibrate", ["split": .string("test")], model: "tested", base: "whole")
        #expect(tested.state == .succeeded && tested.outcome?.measured == "the test pictures", "\(tested.reason ?? "")")
        _ = try daemon.expectInvalid(
            "base", from: JobsInterface.Submit.self, .init(kind: "calibrate", dataset: "colours", model: "x"))
    }

    @Test func whereNoTemperatureIsBestTheJobFails() throws {
        try daemon.importColours(as: "plain")
        let plain = try job("evaluate", ["split": .string("test")], on: "plain", model: "base")
        try #require(plain.outcome?.accuracy == 1)
        let job = try job("calibrate", ["split": .string("test")], on: "plain", model: "x", base: "base")
        #expect(job.state == .failed && job.reason?.contains("all are in their class") == true, "\(job.reason ?? "")")
        let names = try daemon.call(ModelsInterface.List.self, .init()).models.map(\.name)
        #expect(!names.contains("x"))
    }
}
