import Datasets
import Foundation
import ModelFiles
import SqueezeNet
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Which pictures the real runner measures a model on, and on what it has to be trusted.
@Suite struct ScoringTests {
    private let scratch: ScratchDirectory
    private let model: String

    /// 300 pictures without test pictures, and a model that a tenth of them was held out of.
    init() throws {
        scratch = try ScratchDirectory()
        try scratch.write("in/data_batch_1.bin", Colours.records(300, seed: 1).flatMap { $0 })
        try Self.importFiles(scratch, "in/data_batch_1.bin", as: "data")
        try FileManager.default.createDirectory(atPath: scratch["job"], withIntermediateDirectories: true)
        _ = try Self.run(
            scratch,
            .init(
                id: 1, kind: "train",
                options: ["epochs": .integer(2), "batch-size": .integer(10), "seed": .integer(5)],
                dataset: scratch["data"], directory: scratch["job"]))
        model = scratch["job/model.safetensors"]
    }

    private static func importFiles(
        _ scratch: ScratchDirectory, _ files: String..., classes: [String]? = Colours.classes, as name: String
    ) throws {
        let sources = files.map { SourceFile(name: String($0.split(separator: "/").last!), path: scratch[$0]) }
        _ = try DatasetImport.run(files: sources, classes: classes, output: scratch[name]) { _ in }
    }

    private static func run(
        _ scratch: ScratchDirectory, _ parameters: RunnerInterface.Run.Parameters
    ) throws -> (result: RunResult, predictions: [Prediction]) {
        let runner = try RunnerProcess()
        defer { runner.end() }
        var predictions: [Prediction] = []
        var result: RunResult?
        try runner.client.stream(RunnerInterface.Run.self, parameters) { reply in
            predictions += reply.predictions ?? []
            result = reply.result ?? result
            return .more
        }
        return (try #require(result), predictions)
    }

    private func score(
        _ kind: String = "evaluate", on dataset: String = "data", with model: String? = nil
    ) throws -> (result: RunResult, predictions: [Prediction]) {
        try Self.run(
            scratch,
            .init(
                id: 2, kind: kind, options: [:], dataset: scratch[dataset], model: model ?? self.model,
                directory: scratch["job"]))
    }

    /// What was trained on would be measured too well.
    @Test func whatWasHeldOutIsMeasured() throws {
        let held = shuffledIndices(300, seed: 5, epoch: 0)[..<30].sorted()
        let evaluated = try score().result
        #expect(evaluated.images == 30 && evaluated.measured == "those held out of training")
        #expect(evaluated.warning == nil)

        let (predicted, predictions) = try score("predict")
        #expect(predictions.map(\.picture) == held && predictions.map(\.label) == held.map { $0 % 10 })
        #expect(predicted.loss == evaluated.loss && predicted.accuracy == evaluated.accuracy)
        let right = predictions.count { $0.classes[0].index == $0.label }
        #expect(predicted.accuracy == Double(right) / 30)
        // Each prediction is of the picture that it names.
        let runner = try RunnerProcess()
        defer { runner.end() }
        _ = try runner.client.call(RunnerInterface.Load.self, .init(model: model))
        let split = try MappedDataset(path: scratch["data"]).train
        let pictures = held.map { Data(split.picture($0)).base64EncodedString() }
        let classified = try runner.client.call(RunnerInterface.Classify.self, .init(images: pictures, top: 5)).results
        #expect(classified.map { $0.classes[0].index } == predictions.map { $0.classes[0].index })
    }

    @Test func aSplitIsMeasuredWhereThereIsOne() throws {
        func measured(_ split: String, on dataset: String = "data", kind: String = "evaluate") throws -> RunResult {
            try Self.run(
                scratch,
                .init(
                    id: 2, kind: kind, options: ["split": .string(split)], dataset: scratch[dataset], model: model,
                    directory: scratch["job"])
            ).result
        }
        func refusal(_ split: String, on dataset: String) throws -> String {
            let error = #expect(throws: VarlinkError.self) { try measured(split, on: dataset) }
            guard case .invalidOption("split", let reason)? = error.flatMap({ SqzError($0) }) else {
                Issue.record("\(String(describing: error))")
                return ""
            }
            return reason
        }
        let held = try measured("validation")
        #expect(held.images == 30 && held.measured == "those held out of training")
        #expect(try held.accuracy == score().result.accuracy)
        #expect(try measured("validation", kind: "predict").loss == held.loss)
        let trained = try measured("train")
        #expect(trained.images == 270 && trained.measured == "those that the model was trained on")
        #expect(
            try refusal("test", on: "data") == "test: the data set has no test pictures; right would be validation")
        try scratch.write("both/data_batch_1.bin", Colours.records(100, seed: 7).flatMap { $0 })
        try scratch.write("both/test_batch.bin", Colours.records(40, seed: 8).flatMap { $0 })
        try Self.importFiles(scratch, "both/data_batch_1.bin", "both/test_batch.bin", as: "others")
        #expect(try measured("test", on: "others").images == 40)
        let others = try measured("train", on: "others")
        #expect(others.images == 100 && others.measured == "the training pictures")
        #expect(
            try refusal("validation", on: "others")
                == "validation: nothing of this data set was held out of the model's training; right would be test")
    }

    /// Of an import anew, whatever its classes are called, the same is known.
    @Test func thePicturesAreKnownAgain() throws {
        try scratch.write("again/data_batch_1.bin", scratch.read("in/data_batch_1.bin"))
        try Self.importFiles(scratch, "again/data_batch_1.bin", as: "anew")
        #expect(try score(on: "anew").result.images == 30)
        try Self.importFiles(scratch, "in/data_batch_1.bin", classes: nil, as: "numbers")
        let numbered = try score(on: "numbers").result
        #expect(numbered.images == 30 && numbered.warning == nil)
    }

    @Test func whatCannotBeHeldApartIsSaid() throws {
        // One picture less, and the same labels with other pictures.
        try scratch.write("other/data_batch_1.bin", Colours.records(299, seed: 1).flatMap { $0 })
        try scratch.write("twin/data_batch_1.bin", Colours.records(300, seed: 2).flatMap { $0 })
        for name in ["other", "twin"] {
            try Self.importFiles(scratch, "\(name)/data_batch_1.bin", as: name + "-data")
            let result = try score(on: name + "-data").result
            #expect(result.images == (name == "other" ? 299 : 300))
            #expect(result.measured == "all; the model was trained on another data set")
        }
        // Test pictures are measured wherever they are.
        try scratch.write("in/test_batch.bin", Colours.records(20, seed: 3).flatMap { $0 })
        try Self.importFiles(scratch, "in/data_batch_1.bin", "in/test_batch.bin", as: "tested")
        let tested = try score(on: "tested").result
        #expect(tested.images == 20 && tested.measured == "the test pictures")

        // Those that the model was trained on are no test for it, whatever the data set says of them.
        try scratch.write("turned/data_batch_1.bin", Colours.records(40, seed: 4).flatMap { $0 })
        try scratch.write("turned/test_batch.bin", scratch.read("in/data_batch_1.bin"))
        try Self.importFiles(scratch, "turned/data_batch_1.bin", "turned/test_batch.bin", as: "turned-data")
        let turned = try score(on: "turned-data").result
        #expect(turned.images == 30 && turned.measured == "those held out of training")

        var silent = try ModelFile(path: model)
        let record = try #require(silent.training)
        silent.training = nil
        try silent.write(to: scratch["silent"])
        let result = try score(with: scratch["silent"]).result
        #expect(result.images == 300)
        #expect(result.measured == "all; its file does not say which of them the model was trained on")

        // Trained with test pictures, measured without.
        let split = try MappedDataset(path: scratch["data"]).train
        silent.training = TrainingRecord(of: split, seed: record.seed, heldOut: 0, isNoBetterThanChance: false)
        try silent.write(to: scratch["whole"])
        #expect(try score(with: scratch["whole"]).result.measured == "all; the model was trained on them")
        // Nobody holds out more than there is.
        silent.training = TrainingRecord(of: split, seed: record.seed, heldOut: 300, isNoBetterThanChance: false)
        try silent.write(to: scratch["greedy"])
        #expect(try score(with: scratch["greedy"]).result.images == 300)
    }

    /// Labels that mean something else would be measured without a word.
    @Test func classesAreComparedByName() throws {
        var swapped = Colours.classes
        swapped.swapAt(1, 2)
        try Self.importFiles(scratch, "in/data_batch_1.bin", classes: swapped, as: "swapped")
        let error = try #require(throws: VarlinkError.self) { try score(on: "swapped") }
        #expect("\(error)".contains("class 1 is blue") && "\(error)".contains("green"))
        try Self.importFiles(scratch, "in/data_batch_1.bin", classes: Colours.classes + ["more"], as: "eleven")
        #expect(throws: VarlinkError.self) { try score(on: "eleven") }
        // Numbers are no names: they fit any ten classes, which is said.
        try scratch.write("other/data_batch_1.bin", Colours.records(40, seed: 9).flatMap { $0 })
        try Self.importFiles(scratch, "other/data_batch_1.bin", classes: nil, as: "numbers")
        for kind in ["evaluate", "predict"] {
            let warning = try score(kind, on: "numbers").result.warning
            #expect(warning?.hasPrefix("classes were compared by their number only") == true)
        }
    }

    /// 256 classes with long names, each of them told of each picture: more than one message may hold, were there more pictures.
    @Test func predictionsAreSentInPieces() throws {
        let records = (0..<600).flatMap { [UInt8($0 % 256)] + [UInt8](repeating: UInt8($0 % 251), count: 3_072) }
        try scratch.write("many/data_batch_1.bin", records)
        let classes = (0..<256).map { String(repeating: "c", count: 240) + "\($0)" }
        try Self.importFiles(scratch, "many/data_batch_1.bin", classes: classes, as: "many-data")
        try FileManager.default.createDirectory(atPath: scratch["many-job"], withIntermediateDirectories: true)
        _ = try Self.run(
            scratch,
            .init(
                id: 1, kind: "train", options: ["epochs": .integer(1), "batch-size": .integer(100)],
                dataset: scratch["many-data"], directory: scratch["many-job"]))
        let runner = try RunnerProcess()
        defer { runner.end() }
        var sizes: [Int] = []
        var count = 0
        try runner.client.stream(
            RunnerInterface.Run.self,
            .init(
                id: 2, kind: "predict", options: ["top": .integer(256)], dataset: scratch["many-data"],
                model: scratch["many-job/model.safetensors"], directory: scratch["many-job"])
        ) { reply in
            guard let predictions = reply.predictions else { return .more }
            count += predictions.count
            sizes.append(try JSON.encode(predictions).count)
            return .more
        }
        #expect(count == 60 && sizes.count > 1)
        #expect(sizes.allSatisfy { $0 <= Limits.predictionBytesPerReply }, "\(sizes)")
    }
}
