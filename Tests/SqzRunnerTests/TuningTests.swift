import Datasets
import Foundation
import ModelFiles
import SqueezeNet
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A training that begins with a model.
@Suite struct TuningTests {
    private let scratch: ScratchDirectory
    private static let others = (0..<10).map { "kind \($0)" }

    init() throws {
        scratch = try ScratchDirectory()
        try importRecords(Colours.records(120, seed: 1), classes: Colours.classes, as: "data")
        try importRecords(Colours.records(90, seed: 2), classes: Self.others, as: "others")
    }

    private func importRecords(_ records: [[UInt8]], classes: [String], as name: String) throws {
        let file = try scratch.write("in-\(name)/data_batch_1.bin", records.flatMap { $0 })
        _ = try DatasetImport.run(
            files: [.init(name: "data_batch_1.bin", path: file)], classes: classes, output: scratch[name]
        ) { _ in }
    }

    private struct Ending {
        var model: ModelFile
        var result: RunResult
        var epochs: [SqzProtocol.Progress] = []
        var replies = 0
    }

    private func train(
        _ name: String, on dataset: String = "data", tuning model: String? = nil, _ options: [String: JSONValue] = [:],
        stopsAt stop: Int? = nil, threads: Int = 2
    ) throws -> Ending? {
        try FileManager.default.createDirectory(atPath: scratch[name], withIntermediateDirectories: true)
        let runner = try RunnerProcess()
        defer { runner.end() }
        var result: RunResult?
        var epochs: [SqzProtocol.Progress] = []
        var replies = 0
        let all: [String: JSONValue] = [
            "epochs": .integer(3), "batch-size": .integer(10), "threads": .integer(Int64(threads)),
        ]
        try runner.client.stream(
            RunnerInterface.Run.self,
            .init(
                id: 1, kind: "train", options: all.merging(options) { $1 }, dataset: scratch[dataset],
                model: model.map { scratch[$0] + "/model.safetensors" }, directory: scratch[name])
        ) { reply in
            replies += 1
            result = reply.result ?? result
            if let progress = reply.progress, reply.epochEnded == true {
                epochs.append(progress)
                if progress.epoch == stop { try runner.interrupt(.stop) }
            }
            return .more
        }
        guard let result else { return nil }
        return Ending(
            model: try ModelFile(path: scratch[name] + "/model.safetensors"), result: result, epochs: epochs,
            replies: replies)
    }

    private func refusal(_ options: [String: JSONValue], tuning model: String?) throws -> String {
        do {
            _ = try train("refused", tuning: model, options)
        } catch let error as VarlinkError {
            guard case .invalidOption(let option, let reason)? = SqzError(error) else { throw error }
            return "\(option): \(reason)"
        }
        return ""
    }

    /// Where the weights of the classifier begin.
    private static func classifier(_ model: ModelFile) throws -> Int {
        try #require(model.network.parameters.first { $0.name.hasPrefix("classifier.") }).offset
    }

    @Test func otherClassesGetANewClassifierOnTheOldFeatures() throws {
        let base = try #require(try train("base")).model
        let tuned = try #require(try train("tuned", on: "others", tuning: "base", ["freeze": .string("features")]))
            .model
        let start = try Self.classifier(base)
        #expect(tuned.classes == Self.others && base.classes == Colours.classes)
        #expect(tuned.weights.values[..<start] == base.weights.values[..<start])
        #expect(tuned.weights.values[start...] != base.weights.values[start...])
        #expect(tuned.preprocessing == base.preprocessing && tuned.recipe?.frozenModules == 5)
    }

    /// The same classes keep their classifier: at a learning rate of next to nothing the model stays what it is.
    @Test func theSameClassesKeepTheirClassifier() throws {
        let base = try #require(try train("base")).model
        let still: [String: JSONValue] = ["learning-rate": .number(1e-9), "epochs": .integer(1)]
        let kept = try #require(try train("kept", tuning: "base", still)).model
        #expect(zip(kept.weights.values, base.weights.values).allSatisfy { abs($0 - $1) < 1e-6 })
        let reset = try #require(
            try train("new", tuning: "base", still.merging(["reset-classifier": .bool(true)]) { $1 }))
        let new = reset.model
        let start = try Self.classifier(base)
        // A new one begins small, with a deviation of 0.01, and no bias.
        let (weights, biases) = (new.weights.values[start...].dropLast(3), new.weights.values.suffix(3))
        let deviation = (weights.reduce(0) { $0 + $1 * $1 } / Float(weights.count)).squareRoot()
        #expect(abs(deviation - 0.01) < 0.001 && biases.allSatisfy { abs($0) < 1e-6 }, "\(deviation)")
        #expect(zip(new.weights.values[..<start], base.weights.values).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(zip(new.weights.values[start...], base.weights.values[start...]).contains { abs($0 - $1) > 0.01 })
    }

    /// Whatever the threads and however often it was interrupted; kept features and those that are computed each time.
    @Test(
        arguments: [
            ["freeze": .string("features")], ["freeze": .string("features"), "views": .integer(2), "pad": .integer(4)],
            ["freeze": .string("3"), "pad": .integer(4)], ["pad": .integer(2)],
        ] as [[String: JSONValue]])
    func theBitsAreTheSame(_ options: [String: JSONValue]) throws {
        _ = try train("base")
        let whole = try #require(try train("whole", on: "others", tuning: "base", options))
        #expect(try train("halves", on: "others", tuning: "base", options, stopsAt: 1, threads: 1) == nil)
        let halves = try #require(try train("halves", on: "others", tuning: "base", options, threads: 3))
        #expect(whole.model.weights == halves.model.weights)
        #expect(whole.epochs.map(\.validationLoss) == halves.epochs.map(\.validationLoss))
        // Nothing of the features stays.
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch["whole"])
        #expect(!left.contains("features"))
    }

    /// What the last epoch said is what an evaluation finds.
    @Test func keptFeaturesAreValidatedAsAClassifierDoes() throws {
        _ = try train("base")
        let tuned = try #require(try train("tuned", on: "others", tuning: "base", ["freeze": .string("features")]))
        let runner = try RunnerProcess()
        defer { runner.end() }
        try FileManager.default.createDirectory(atPath: scratch["evaluate"], withIntermediateDirectories: true)
        var found: RunResult?
        try runner.client.stream(
            RunnerInterface.Run.self,
            .init(
                id: 1, kind: "evaluate", options: [:], dataset: scratch["others"],
                model: scratch["tuned"] + "/model.safetensors", directory: scratch["evaluate"])
        ) { reply in
            found = reply.result ?? found
            return .more
        }
        let loss = try #require(found?.loss)
        #expect(abs(loss - (try #require(tuned.result.loss))) < 1e-5)
        #expect(found?.accuracy == tuned.result.accuracy)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        _ = try train("base")
        for (options, model, told) in [
            (["freeze": .string("features")], nil, "freeze: is of a model that is tuned, and none is named"),
            (["reset-classifier": .bool(true)], nil, "reset-classifier: is of a model that is tuned"),
            (["arch": .string("squeezenet-1.1")], "base", "arch: comes with the model that is tuned"),
            (["bypass": .string("simple")], "base", "bypass: comes with the model that is tuned"),
            (["views": .integer(2), "freeze": .string("2")], "base", "views: are of features that are kept"),
            (["freeze": .string("8")], "base", "freeze: squeezenet-cifar has 5 modules"),
        ] as [([String: JSONValue], String?, String)] {
            let found = try refusal(options, tuning: model)
            #expect(found.hasPrefix(told), "\(found)")
        }
    }
}
