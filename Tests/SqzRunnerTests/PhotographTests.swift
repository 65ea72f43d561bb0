import Bitmaps
import Datasets
import Foundation
import Imaging
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A picture's way to the network is one, whether it comes through a data set or alone.
@Suite struct PhotographTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    /// Pictures of two classes, of no common size, none of them square.
    private func photographs() throws -> [(name: String, file: [UInt8])] {
        var generator = SeededGenerator(seed: 9)
        return try (0..<12).map { index in
            let (width, height) = (50 + 7 * index, 90 - 3 * index)
            let noise = generator.bytes(3 * width * height)
            let pixels = noise.enumerated().map { place, value in
                // A gradient, so that what is cut off is missed.
                value / 4 + UInt8((place / 3 % width) * 128 / width) + (index % 2 == 0 ? 60 : 0)
            }
            return (
                "\(index % 2 == 0 ? "light" : "dark")/\(index).png",
                try Bitmap(width: width, height: height, pixels: pixels).png()
            )
        }
    }

    private func run(
        _ kind: String, _ options: [String: JSONValue] = [:], model: String? = nil, in folder: String
    ) throws -> (result: RunResult, predictions: [Prediction]) {
        let directory = scratch[folder]
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let runner = try RunnerProcess()
        defer { runner.end() }
        var result: RunResult?
        var predictions: [Prediction] = []
        try runner.client.stream(
            RunnerInterface.Run.self,
            .init(
                id: 1, kind: kind, options: options, dataset: scratch["data"], model: model, directory: directory)
        ) { reply in
            result = reply.result ?? result
            predictions += reply.predictions ?? []
            return .more
        }
        return (try #require(result), predictions)
    }

    /// Every fit, with and without a resize after, and both crops.
    @Test(
        arguments: [
            (Fit.crop, 45, [:], "shorter side to 45, central 40x40"),
            (.crop, 48, [:], "shorter side to 48, shorter side to 46, central 40x40"),
            (.pad, 48, ["resize": .integer(24)], "padded to 48x48, shorter side to 27, central 24x24"),
            (
                .stretch, 40, ["resize": .integer(64), "crop": .string("resized")],
                "stretched to 40x40, shorter side to 73, central 64x64"
            ),
            (.pad, 60, ["arch": .string("squeezenet-1.1")], "padded to 60x60, central 60x60"),
        ] as [(Fit, Int, [String: JSONValue], String)])
    func isTheSameThroughADataSetAndAlone(
        _ fit: Fit, size: Int, _ options: [String: JSONValue], _ sentence: String
    ) throws {
        let photographs = try photographs()
        for (name, file) in photographs {
            try scratch.write("photos/train/\(name)", file)
            try scratch.write("photos/test/\(name)", file)
        }
        _ = try DatasetImport.run(
            files: [SourceFile(name: "photos", path: scratch["photos"])],
            classes: nil, pictures: PictureOptions(size: size, fit: fit),
            output: scratch["data"]
        ) { _ in }
        var options = options
        options["epochs"] = .integer(1)
        if options["resize"] == nil && options["arch"] == nil { options["resize"] = .integer(40) }
        let made = try #require(run("train", options, in: "train").result.model)
        #expect(made.preprocessing.contains("else: \(sentence); "), "\(made.preprocessing)")

        let model = scratch["train"] + "/" + made.file
        let predicted = try run("predict", ["top": .integer(2)], model: model, in: "predict").predictions
        try #require(predicted.count == photographs.count)
        let runner = try RunnerProcess()
        defer { runner.end() }
        _ = try runner.client.call(RunnerInterface.Load.self, .init(model: model))
        // By class and name, as data sets are.
        let sorted = photographs.sorted { $0.name < $1.name }
        let alone = try runner.client.call(
            RunnerInterface.Classify.self,
            .init(images: sorted.map { Data($0.file).base64EncodedString() }, top: 2)
        ).results
        for (predicted, alone) in zip(predicted, alone) {
            #expect(predicted.classes.map(\.name) == alone.classes.map(\.name))
            for (one, other) in zip(predicted.classes, alone.classes) {
                #expect(abs(one.probability - other.probability) <= 1e-6)
            }
        }
        // So that the comparison says something.
        #expect(Set(alone.map { $0.classes[0].probability }).count > 6)
    }

    /// More than are decoded at a time.
    @Test func manyPicturesOfACallAreClassifiedInTheirOrder() throws {
        for (name, file) in try photographs() { try scratch.write("photos/\(name)", file) }
        _ = try DatasetImport.run(
            files: [SourceFile(name: "photos", path: scratch["photos"])], classes: nil, pictures: PictureOptions(),
            output: scratch["data"]
        ) { _ in }
        let made = try #require(run("train", ["epochs": .integer(1)], in: "train").result.model)
        let runner = try RunnerProcess()
        defer { runner.end() }
        _ = try runner.client.call(RunnerInterface.Load.self, .init(model: scratch["train"] + "/" + made.file))
        let files = try photographs().map { Data($0.file).base64EncodedString() }
        func classify(_ images: [String]) throws -> [Classification] {
            try runner.client.call(RunnerInterface.Classify.self, .init(images: images, top: 2)).results
        }
        let each = try classify(files)
        let many = try classify((0..<200).map { $0 == 130 ? "AAAA" : files[$0 % files.count] })
        for (index, found) in many.enumerated() {
            #expect(index == 130 ? found.problem != nil : found == each[index % files.count], "\(index)")
        }
    }
}
