import Datasets
import Foundation
import ModelFiles
import SqueezeNet
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Of which epoch a training's model is, and where the training ends.
@Suite struct KeptEpochTests {
    private let scratch: ScratchDirectory
    private typealias Figures = SqzProtocol.Progress

    /// Pictures of noise: what is learnt of them does not help with others, so that no epoch is surely the best.
    init() throws {
        scratch = try ScratchDirectory()
        var noise = SeededGenerator(seed: 3)
        let records = (0..<120).map { [UInt8($0 % 3)] + noise.bytes(3_072) }
        try scratch.write("in/data_batch_1.bin", records.prefix(90).flatMap { $0 })
        try scratch.write("in/test_batch.bin", records.suffix(30).flatMap { $0 })
        let sources = ["data_batch_1.bin", "test_batch.bin"].map { SourceFile(name: $0, path: scratch["in/" + $0]) }
        _ = try DatasetImport.run(files: sources, classes: ["a", "b", "c"], output: scratch["data"]) { _ in }
    }

    private struct Ending {
        var result: RunResult?
        var epochs: [Figures] = []
        var steps: [Figures] = []
    }

    /// - Parameter interrupt: asked of each reply.
    @discardableResult
    private func train(
        _ name: String, _ options: [String: JSONValue] = [:],
        interrupt: (Figures) -> RunnerProcess.Interruption? = { _ in nil }, finishesAtOnce: Bool = false
    ) throws -> Ending {
        try FileManager.default.createDirectory(atPath: scratch[name], withIntermediateDirectories: true)
        let runner = try RunnerProcess()
        defer { runner.end() }
        var ending = Ending()
        let all: [String: JSONValue] = [
            "recipe": .string("tutorial"), "epochs": .integer(6), "batch-size": .integer(10),
            "learning-rate": .number(0.003), "threads": .integer(2),
        ]
        let parameters = RunnerInterface.Run.Parameters(
            id: 1, kind: "train", options: all.merging(options) { $1 }, dataset: scratch["data"],
            directory: scratch[name])
        do {
            try runner.client.send(RunnerInterface.Run.self, parameters, mode: .more)
            if finishesAtOnce { try runner.interrupt(.finish) }
            while true {
                let reply = try runner.client.receive(RunnerInterface.Run.self, until: nil)
                let told = try reply.parameters(RunnerInterface.Run.Reply.self)
                ending.result = told.result ?? ending.result
                if let progress = told.progress {
                    if told.epochEnded == true { ending.epochs.append(progress) }
                    ending.steps.append(progress)
                    if let interruption = interrupt(progress) { try runner.interrupt(interruption) }
                }
                if !reply.continues { break }
            }
        } catch ConnectionError.closed {
            return ending
        }
        return ending
    }

    private func model(_ name: String) throws -> ModelFile { try ModelFile(path: scratch[name] + "/model.safetensors") }

    private func file(_ name: String) throws -> String {
        try Checksum.sha256(ofFile: scratch[name] + "/model.safetensors")
    }

    /// The first of those with the highest accuracy, of these with the lowest loss.
    private func best(_ epochs: [Figures]) throws -> Figures {
        try #require(
            epochs.max {
                ($0.validationAccuracy!, -$0.validationLoss!, -$0.epoch)
                    < ($1.validationAccuracy!, -$1.validationLoss!, -$1.epoch)
            })
    }

    @Test func theModelIsThatOfTheBestEpoch() throws {
        let last = try train("last", ["keep": .string("last")])
        let expected = try best(last.epochs)
        // Else this shows nothing.
        try #require(expected.epoch < 6)
        #expect(last.result?.epoch == 6 && last.result?.accuracy == last.epochs.last?.validationAccuracy)

        let kept = try train("best")
        let result = try #require(kept.result)
        #expect(kept.epochs.map(\.validationLoss) == last.epochs.map(\.validationLoss))
        #expect(result.epoch == expected.epoch && result.lastEpoch == 6 && result.epochs == 6 && result.early == nil)
        #expect(result.loss == expected.validationLoss && result.accuracy == expected.validationAccuracy)
        #expect(result.images == 6 * 90)
        // The tutorial's rate is constant: a training of as many epochs ends with the same weights.
        try train("short", ["keep": .string("last"), "epochs": .integer(Int64(expected.epoch))])
        #expect(try model("best").weights == model("short").weights)
        #expect(try model("best").weights != model("last").weights)
        let made = try #require(model("best").history?.generations.first)
        #expect(made.epochs == 6 && made.epoch == expected.epoch && made.lastEpoch == 6)
        #expect(made.validationAccuracy == result.accuracy && made.loss == expected.loss)

        // What accuracy is made of.
        let byClass = try #require(result.byClass)
        #expect(byClass.map(\.name) == ["a", "b", "c"] && byClass.map(\.pictures) == [10, 10, 10])
        #expect(Double(byClass.reduce(0) { $0 + $1.correct }) / 30 == result.accuracy)
    }

    @Test func interruptionsDoNotChangeWhatIsKept() throws {
        let undisturbed = try train("undisturbed")
        let best = try #require(undisturbed.result?.epoch)
        try #require(best < 6)
        for (name, interruption) in [("stopped", RunnerProcess.Interruption.stop), ("killed", .kill)] {
            // After the best epoch, whose weights nobody but the checkpoint has then.
            #expect(try train(name) { $0.epoch == best + 1 ? interruption : nil }.result == nil)
            #expect(try train(name).result == undisturbed.result, "\(name)")
            #expect(try file(name) == file("undisturbed"), "\(name)")
        }
    }

    /// The same of a recipe that averages weights and lifts scores.
    @Test func theBestOfAveragedWeightsIsKept() throws {
        let options: [String: JSONValue] = [
            "recipe": .string("strong"), "ema": .number(0.5), "schedule": .string("constant"), "warm-up": .number(0),
            "learning-rate": .number(0.02), "epochs": .integer(8),
        ]
        let kept = try train("kept", options)
        let best = try #require(kept.result?.epoch)
        #expect(try best == self.best(kept.epochs).epoch)
        let short = options.merging(["epochs": .integer(Int64(best)), "keep": .string("last")]) { $1 }
        try train("short", short)
        #expect(try model("kept").weights == model("short").weights)
        #expect(try #require(model("kept").training?.lift) > 0)
    }

    @Test func aTrainingWithoutGainEnds() throws {
        let options: [String: JSONValue] = ["epochs": .integer(60), "stop-early": .integer(2)]
        let ended = try train("ended", options)
        let result = try #require(ended.result)
        let best = try best(ended.epochs)
        #expect(ended.epochs.count < 60 && ended.epochs.count == best.epoch + 2)
        #expect(result.epoch == best.epoch && result.lastEpoch == best.epoch + 2 && result.epochs == 60)
        #expect(result.early == .noGain && result.images == 90 * (best.epoch + 2))
        let made = try #require(model("ended").history?.generations.first)
        #expect(made.epoch == best.epoch && made.lastEpoch == best.epoch + 2 && made.epochs == 60)
        // Killed when it was about to end, it ends there.
        #expect(try train("killed", options) { $0.epoch == best.epoch + 2 ? .kill : nil }.result == nil)
        let again = try train("killed", options)
        #expect(again.result == result && again.epochs.count == ended.epochs.count)
        #expect(try file("killed") == file("ended"))
        // The last one's weights, with the same end.
        let last = try train("last", options.merging(["keep": .string("last")]) { $1 })
        #expect(last.result?.epoch == best.epoch + 2 && last.result?.early == .noGain)
        #expect(last.result?.accuracy == last.epochs.last?.validationAccuracy)
    }

    @Test func aTrainingThatIsFinishedMakesAModelOfWhatItHas() throws {
        let last: [String: JSONValue] = ["epochs": .integer(1_000), "keep": .string("last")]
        let finished = try train("finished", last) { $0.epoch == 2 ? .finish : nil }
        let result = try #require(finished.result)
        let end = try #require(result.lastEpoch)
        #expect(result.early == .finished && result.epochs == 1_000 && result.epoch == end && (2...3).contains(end))
        #expect(try #require(result.images) < 3 * 90)
        #expect(try model("finished").history?.generations.first?.lastEpoch == end)

        // Of the best, an epoch that ended before may be the model's.
        let options: [String: JSONValue] = ["epochs": .integer(1_000)]
        let best = try train("best", options) { $0.epoch == 4 ? .finish : nil }
        let kept = try #require(best.result)
        #expect(kept.early == .finished && kept.epochs == 1_000)
        #expect(try #require(kept.accuracy) >= best.epochs.compactMap(\.validationAccuracy).max()!)
    }

    @Test func whatWasStoppedIsFinishedWithoutAStep() throws {
        let options: [String: JSONValue] = ["epochs": .integer(1_000), "keep": .string("last")]
        #expect(try train("job", options) { $0.epoch == 2 ? .stop : nil }.result == nil)
        let network = try Network(.squeezenetCIFAR, classes: 3, inputSize: 32)
        let checkpoint = try #require(
            try Checkpoint.newest(in: scratch["job"], for: network, recipe: .tutorial) { Issue.record("\($0): \($1)") })
        let finished = try train("job", options, finishesAtOnce: true)
        #expect(finished.result?.early == .finished)
        #expect(finished.result?.images == 90 * (checkpoint.position.epoch - 1) + checkpoint.position.count)
        #expect(try model("job").weights == checkpoint.state.weights)
        // Where nothing was learnt yet, a step is made.
        let fresh = try train("fresh", options, finishesAtOnce: true)
        #expect(fresh.result?.early == .finished && fresh.result?.images == 10 && fresh.result?.lastEpoch == 1)
    }

    /// With a share, test pictures play no part in the choice.
    @Test func aShareIsHeldOutThoughThereAreTestPictures() throws {
        let plain = try #require(train("plain", ["epochs": .integer(1)]).result)
        #expect(plain.byClass?.reduce(0) { $0 + $1.pictures } == 30 && plain.images == 90)
        let held = try #require(
            train("held", ["epochs": .integer(1), "validation-share": .number(0.2)]).result)
        #expect(held.byClass?.reduce(0) { $0 + $1.pictures } == 18 && held.images == 72)
        #expect(try model("held").training?.heldOut == 18 && model("plain").training?.heldOut == 0)
    }

    /// It is told where, and what may help.
    @Test func aRateThatDivergesIsAClearError() throws {
        let options: [String: JSONValue] = [
            "recipe": .string("strong"), "optimizer": .string("sgd"), "learning-rate": .number(10),
            "momentum": .number(0.99),
            "schedule": .string("constant"), "warm-up": .number(0), "epochs": .integer(50),
        ]
        let error = try #require(throws: VarlinkError.self) { try train("hot", options) }
        guard case .diverged(let epoch, let step)? = SqzError(error) else { throw error }
        #expect(epoch >= 1 && (1...9).contains(step))
        #expect(
            SqzError(error)?.description
                == """
                the loss was no longer finite in epoch \(epoch), step \(step); a smaller learning rate or a longer warm-up may help
                """)
    }
}
