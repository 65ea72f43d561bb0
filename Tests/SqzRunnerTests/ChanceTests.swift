import Datasets
import Foundation
import ModelFiles
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A training that came to nothing says so.
@Suite struct ChanceTests {
    private let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
        try importRecords(Colours.records(300, seed: 1), as: "data")
    }

    private func importRecords(_ records: [[UInt8]], as name: String) throws {
        let file = try scratch.write("in/data_batch_1.bin", records.flatMap { $0 })
        _ = try DatasetImport.run(
            files: [.init(name: "data_batch_1.bin", path: file)], classes: Colours.classes, output: scratch[name]
        ) { _ in }
    }

    private struct Ending {
        var result: RunResult?
        var epochs: [SqzProtocol.Progress] = []
    }

    private func train(
        _ name: String, on dataset: String = "data", rate: Double, epochs: Int = 2, seed: Int64 = 1,
        stopsAt stop: Int? = nil
    ) throws -> Ending {
        try FileManager.default.createDirectory(atPath: scratch[name], withIntermediateDirectories: true)
        let runner = try RunnerProcess()
        defer { runner.end() }
        var ending = Ending()
        try runner.client.stream(
            RunnerInterface.Run.self,
            .init(
                id: 1, kind: "train",
                options: [
                    "recipe": .string("tutorial"), "epochs": .integer(Int64(epochs)), "batch-size": .integer(10),
                    "seed": .integer(seed), "learning-rate": .number(rate),
                ], dataset: scratch[dataset], directory: scratch[name])
        ) { reply in
            ending.result = reply.result ?? ending.result
            if let progress = reply.progress, reply.epochEnded == true {
                ending.epochs.append(progress)
                if progress.epoch == stop { try runner.interrupt(.stop) }
            }
            return .more
        }
        return ending
    }

    @Test(arguments: [0.03, 0.3, 1]) func aDeadNetworkSaysSo(rate: Double) throws {
        let ending = try train("dead", rate: rate)
        let result = try #require(ending.result)
        let warning = try #require(result.warning)
        #expect(warning.hasPrefix("no better than chance: ") && result.model?.warning == warning)
        #expect(ending.epochs.last?.warning == warning)
        // The model says so wherever it goes.
        let runner = try RunnerProcess()
        defer { runner.end() }
        let inspected = try runner.client.call(
            RunnerInterface.Inspect.self, .init(model: scratch["dead/model.safetensors"]))
        #expect(inspected.model.warning == warning)
    }

    /// A run that goes on comes to the same, though the network died before.
    @Test func anInterruptionForgetsNothing() throws {
        #expect(try train("stopped", rate: 1, stopsAt: 1).result == nil)
        let rest = try train("stopped", rate: 1)
        #expect(rest.epochs.map(\.epoch) == [1, 2] && rest.epochs.allSatisfy { $0.warning != nil })
        #expect(rest.result?.warning != nil)
    }

    /// Little was learned, but something: nobody is warned.
    @Test(arguments: 1...6) func aLittleIsBetterThanNothing(seed: Int64) throws {
        let ending = try train("little", rate: 0.001, epochs: 1, seed: seed)
        #expect(ending.result?.warning == nil)
    }

    /// A network that lives may have learned nothing either, where there is nothing to learn.
    @Test func labelsThatMeanNothingTeachNothing() throws {
        var warned = 0
        for seed in 2...5 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let records = Colours.records(300, seed: 1).map { record in
                [UInt8.random(in: 0..<10, using: &generator)] + record.dropFirst()
            }
            try importRecords(records, as: "noise\(seed)")
            let ending = try train("nothing\(seed)", on: "noise\(seed)", rate: 0.001, epochs: 1, seed: Int64(seed))
            let result = try #require(ending.result)
            guard result.warning != nil else { continue }
            warned += 1
            // Equal probabilities for ten classes have a loss of ln 10.
            #expect(try #require(result.loss) > 2.3 && #require(result.accuracy) < 0.4)
        }
        #expect(warned > 0)
    }
}
