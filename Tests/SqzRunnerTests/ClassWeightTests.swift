import Datasets
import Foundation
import ModelFiles
import SqueezeNet
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Classes of different sizes, and mirror images.
@Suite struct ClassWeightTests {
    private let scratch: ScratchDirectory

    /// 80 red pictures, 20 green ones and 4 blue ones, the same to test.
    init() throws {
        scratch = try ScratchDirectory()
        func records(seed: UInt64) -> [UInt8] {
            let all = Colours.records(1_040, seed: seed)
            return [(0, 80), (1, 20), (2, 4)].flatMap { label, count in
                all.filter { $0[0] == label }.prefix(count).flatMap { $0 }
            }
        }
        try scratch.write("in/data_batch_1.bin", records(seed: 1))
        try scratch.write("in/test_batch.bin", records(seed: 2))
        let sources = ["data_batch_1.bin", "test_batch.bin"].map { SourceFile(name: $0, path: scratch["in/" + $0]) }
        _ = try DatasetImport.run(files: sources, classes: ["red", "green", "blue"], output: scratch["data"]) { _ in }
    }

    private func run(
        _ kind: String, _ options: [String: JSONValue], model: String? = nil, in name: String
    ) throws -> (result: RunResult, predictions: [Prediction]) {
        try FileManager.default.createDirectory(atPath: scratch[name], withIntermediateDirectories: true)
        let runner = try RunnerProcess()
        defer { runner.end() }
        var result: RunResult?
        var predictions: [Prediction] = []
        try runner.client.stream(
            RunnerInterface.Run.self,
            .init(
                id: 1, kind: kind, options: options, dataset: scratch["data"],
                model: model.map { scratch[$0] + "/model.safetensors" }, directory: scratch[name])
        ) { reply in
            result = reply.result ?? result
            predictions += reply.predictions ?? []
            return .more
        }
        return (try #require(result), predictions)
    }

    private func train(_ name: String, _ options: [String: JSONValue]) throws -> RunResult {
        let quick: [String: JSONValue] = ["epochs": .integer(2), "batch-size": .integer(13)]
        return try run("train", quick.merging(options) { $1 }, in: name).result
    }

    @Test func balancedClassesCountTheSame() throws {
        _ = try train("plain", [:])
        let balanced = try train("balanced", ["class-weights": .string("balanced")])
        #expect(balanced.byClass?.map(\.pictures) == [80, 20, 4])
        let file = try ModelFile(path: scratch["balanced/model.safetensors"])
        let weights = try #require(file.recipe?.classWeights)
        // Pictures over classes times the class's pictures: 1 on average.
        #expect(weights == [Float(104.0 / (3 * 80)), Float(104.0 / (3 * 20)), Float(104.0 / (3 * 4))])
        let plain = try ModelFile(path: scratch["plain/model.safetensors"])
        #expect(plain.recipe?.classWeights == nil && plain.weights != file.weights)
        #expect(file.history?.generations.first?.options?.first { $0.name == "class-weights" }?.value == "balanced")
    }

    /// The figures of both, and what they are by the mean of the logits.
    @Test func mirrorImagesAreReportedApart() throws {
        _ = try train("job", ["flip": .string("none")])
        let plain = try run("evaluate", [:], model: "job", in: "e").result
        #expect(plain.flipped == nil && plain.byClass?.map(\.pictures) == [80, 20, 4])
        #expect(
            plain.byClass.map { $0.reduce(0) { $0 + $1.correct } } == plain.accuracy.map { Int(($0 * 104).rounded()) })
        let both = try run("evaluate", ["tta": .string("flip")], model: "job", in: "e").result
        #expect(both.loss == plain.loss && both.accuracy == plain.accuracy && both.byClass == plain.byClass)
        let flipped = try #require(both.flipped)
        #expect(flipped.loss != plain.loss)

        // By hand: each picture and its mirror image.
        let data = try MappedDataset(path: scratch["data"])
        let split = try #require(data.test)
        let file = try ModelFile(path: scratch["job/model.safetensors"])
        let classifier = try file.classifier(threads: 1)
        var loss = 0.0
        var chosen: [Int] = []
        for index in 0..<split.count {
            let bytes = Array(split.picture(index))
            var mirror = bytes
            for row in 0..<96 {
                mirror.replaceSubrange(row * 32..<(row + 1) * 32, with: bytes[row * 32..<(row + 1) * 32].reversed())
            }
            let logits = [bytes, mirror].map { bytes in
                bytes.withUnsafeBytes { classifier.classify([.init(planes: $0, width: 32, height: 32)]) }
            }
            let mean = zip(logits[0], logits[1]).map { (Double($0) + Double($1)) / 2 }
            let label = split.label(index)
            loss += log(mean.reduce(0) { $0 + exp($1 - mean[label]) })
            chosen.append(mean.indices.max { mean[$0] < mean[$1] }!)
        }
        #expect(abs(loss / 104 - flipped.loss!) < 1e-5 * flipped.loss!)
        let right = chosen.indices.count { chosen[$0] == split.label($0) }
        #expect(flipped.accuracy == Double(right) / 104)
        let predictions = try run("predict", ["tta": .string("flip")], model: "job", in: "p").predictions
        #expect(predictions.map { $0.classes[0].index } == chosen)
    }
}
