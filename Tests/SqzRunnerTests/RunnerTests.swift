import Bitmaps
import Datasets
import Foundation
import Imaging
import ModelFiles
import SqueezeNet
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// The real runner, as a process, spoken to as the daemon does.
@Suite struct RunnerTests {
    private let scratch: ScratchDirectory
    private let dataset: String

    init() throws {
        scratch = try ScratchDirectory()
        // A data set whose classes show in one plane's brightness.
        var records: [UInt8] = []
        for index in 0..<300 {
            let label = index % 3
            records.append(UInt8(label))
            for plane in 0..<3 {
                for pixel in 0..<1_024 {
                    records.append(UInt8((plane == label ? 160 : 40) + (index * 7 + pixel * 13) % 60))
                }
            }
        }
        let batch = try scratch.write("in/data_batch_1.bin", records)
        dataset = scratch["data"]
        _ = try DatasetImport.run(
            files: [.init(name: "data_batch_1.bin", path: batch)], classes: ["red", "green", "blue"], output: dataset
        ) { _ in }
    }

    private func options(epochs: Int = 3, seed: Int64 = 5, threads: Int = 2) -> [String: JSONValue] {
        [
            "recipe": .string("tutorial"), "epochs": .integer(Int64(epochs)), "batch-size": .integer(10),
            "seed": .integer(seed), "threads": .integer(Int64(threads)), "pad": .integer(2),
        ]
    }

    /// Trains in `directory`; stops or kills the runner when `interrupt` says so of a reply.
    private func train(
        in directory: String, _ options: [String: JSONValue],
        interrupt: (SqzProtocol.Progress) -> RunnerProcess.Interruption? = { _ in nil }
    ) throws -> RunnerInterface.Run.Reply? {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let runner = try RunnerProcess()
        defer { runner.end() }
        var last: RunnerInterface.Run.Reply?
        do {
            try runner.client.stream(
                RunnerInterface.Run.self,
                .init(id: 1, kind: "train", options: options, dataset: dataset, directory: directory)
            ) { reply in
                last = reply
                if let progress = reply.progress, let interruption = interrupt(progress) {
                    try runner.interrupt(interruption)
                }
                return .more
            }
        } catch ConnectionError.closed {
            return nil
        }
        return last
    }

    private func weights(_ directory: String) throws -> String {
        try ModelFile(path: directory + "/model.safetensors").weights.sha256
    }

    /// The whole file, with what it says of itself.
    private func file(_ directory: String) throws -> String {
        try Checksum.sha256(ofFile: directory + "/model.safetensors")
    }

    @Test func aTrainingLearnsAndItsModelClassifies() throws {
        let directory = scratch["job"]
        let result = try #require(train(in: directory, options(epochs: 12))?.result)
        #expect(result.model?.parameters == 144_771 && result.images == 270 * 12)
        #expect(try #require(result.accuracy) > 0.9)
        #expect(result.warning == nil && result.model?.warning == nil)
        #expect(result.model?.weightsSha256 == (try weights(directory)))

        let runner = try RunnerProcess()
        defer { runner.end() }
        _ = try runner.client.call(RunnerInterface.Load.self, .init(model: directory + "/model.safetensors"))
        let data = try MappedDataset(path: dataset)
        let pictures = (0..<3).map { index in
            Data(data.train.picture(index)).base64EncodedString()
        }
        let reply = try runner.client.call(RunnerInterface.Classify.self, .init(images: pictures, top: 1))
        #expect(reply.results.map { $0.classes[0].name } == ["red", "green", "blue"])
        let labelled = Data([2] + Array(data.train.picture(0))).base64EncodedString()
        #expect(
            try runner.client.call(RunnerInterface.Classify.self, .init(images: [labelled], top: 3)).results[0].label
                == 2)
    }

    @Test func picturesOfAnyFormatAndSizeAreClassified() throws {
        let directory = scratch["job"]
        _ = try train(in: directory, options(epochs: 1))
        let runner = try RunnerProcess()
        defer { runner.end() }
        _ = try runner.client.call(RunnerInterface.Load.self, .init(model: directory + "/model.safetensors"))
        func classes(_ pictures: [[UInt8]]) throws -> [[ClassProbability]] {
            let images = pictures.map { Data($0).base64EncodedString() }
            let results = try runner.client.call(RunnerInterface.Classify.self, .init(images: images, top: 3)).results
            #expect(results.allSatisfy { $0.label == nil })
            return results.map(\.classes)
        }
        func orange(_ width: Int, _ height: Int) -> Bitmap {
            Bitmap(
                width: width, height: height, pixels: (0..<width * height).flatMap { _ in [230, 120, 20] as [UInt8] })
        }
        var generator = SeededGenerator(seed: 5)
        let noise = Bitmap(width: 32, height: 32, pixels: generator.bytes(3 * 32 * 32))
        let small = try orange(32, 32).png()
        // Whatever its size is: a record's, too.
        let padded = small + [UInt8](repeating: 0, count: PictureRecord.pictureBytes - small.count)
        let found = try classes([
            noise.planes, noise.png(), orange(32, 32).planes, orange(640, 480).png(), orange(5, 900).png(), padded,
        ])
        #expect(found[0] == found[1])
        #expect(found[2...].allSatisfy { $0 == found[2] })
        for name in ["turned.jpg", "grey-progressive.jpg", "cmyk.jpg", "lossy.webp", "animated.webp", "animated.png"] {
            let file = Oracle.tests.appendingPathComponent("Fuzz/corpus/FuzzPictures/\(name)")
            #expect(try classes([Array(Data(contentsOf: file))]).count == 1, "\(name)")
        }

        for (bytes, reason) in [
            (Array("\0\0\0\u{18}ftypheic\0\0\0\0mif1heic".utf8), "this is a HEIC picture; PNG, JPEG and WebP are read"),
            (small.dropLast(40), "the picture is cut off: "), (Array("cat,1\n".utf8), "this is text; "),
            ([1, 2, 3], "a picture of 3 bytes; right would be 3072 "),
            ([0], " (a label, then the picture), or a PNG, JPEG or WebP file"),
        ] as [([UInt8], String)] {
            let images = [noise.planes, Array(bytes), small].map { Data($0).base64EncodedString() }
            let results = try runner.client.call(RunnerInterface.Classify.self, .init(images: images, top: 3)).results
            #expect(results[1].problem?.contains(reason) == true && results[1].classes.isEmpty, "\(results[1])")
            // The others are what they are alone.
            #expect([results[0].classes, results[2].classes] == [found[0], found[2]])
        }
    }

    /// 0.1.0 wrote, and believed, a size of the pictures: of a large one it read memory that was no picture's.
    @Test func aModelThatSpeaksOfOtherPicturesClassifiesThoseThatThereAre() throws {
        let directory = scratch["job"]
        let made = try #require(train(in: directory, options(epochs: 1))?.result?.model)
        let path = directory + "/" + made.file
        let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let headerEnd = 8 + file[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        var header = try #require(
            JSONSerialization.jsonObject(with: Data(file[8..<headerEnd])) as? [String: [String: Any]])
        header["__metadata__"]?["format"] = "sqzd-model-1"
        header["__metadata__"]?["recipe"] = nil
        for key in ["training", "history", "selfTest"] { header["__metadata__"]?[key] = nil }
        header["__metadata__"]?["preprocessing"] = #"{"sourceSize":1024,"size":32,"padding":2,"flips":true}"#
        let text = try JSONSerialization.data(withJSONObject: header)
        let old = try scratch.write(
            "old", withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + file[headerEnd...])

        let data = try MappedDataset(path: dataset)
        let pictures = (0..<3).map { Data(data.train.picture($0)).base64EncodedString() }
        let found = try [path, old].map { model in
            let runner = try RunnerProcess()
            defer { runner.end() }
            _ = try runner.client.call(RunnerInterface.Load.self, .init(model: model))
            return try runner.client.call(RunnerInterface.Classify.self, .init(images: pictures, top: 3)).results
        }
        #expect(found[0] == found[1])

        let runner = try RunnerProcess()
        defer { runner.end() }
        #expect(
            try runner.client.call(RunnerInterface.Inspect.self, .init(model: old)).model.preprocessing
                == "training: random 32x32 crop of the picture padded by 2, random flip; else: central 32x32; "
                + "per-image standardization")
        #expect(made.preprocessing.hasPrefix("training: random 32x32 crop of the picture padded by 2, random flip"))
    }

    @Test func theFileIsTheSameBitsHoweverTheJobWasInterrupted() throws {
        let undisturbed = scratch["undisturbed"]
        _ = try train(in: undisturbed, options())
        let expected = try file(undisturbed)

        for threads in [1, 3] {
            let directory = scratch["threads\(threads)"]
            _ = try train(in: directory, options(threads: threads))
            #expect(try file(directory) == expected)
        }

        let stopped = scratch["stopped"]
        #expect(try train(in: stopped, options()) { $0.epoch == 1 ? .stop : nil }?.stopped == true)
        #expect(try train(in: stopped, options())?.result != nil)
        #expect(try file(stopped) == expected)

        // What goes on does so by its checkpoint's recipe, whatever the options say by now.
        let begun = scratch["begun"]
        #expect(try train(in: begun, options()) { $0.epoch == 1 ? .stop : nil }?.stopped == true)
        _ = try train(in: begun, options().merging(["pad": .integer(0), "learning-rate": .number(0.5)]) { $1 })
        #expect(try weights(begun) == weights(undisturbed))

        let killed = scratch["killed"]
        #expect(try train(in: killed, options()) { $0.epoch == 2 ? .kill : nil } == nil)
        var epochs: [Int] = []
        let rest = try train(in: killed, options()) {
            epochs.append($0.epoch)
            return nil
        }
        #expect(rest?.result != nil)
        #expect(try file(killed) == expected)
        // Of what ended before the kill it tells again.
        #expect(epochs.first == 1)

        let other = scratch["other"]
        _ = try train(in: other, options(seed: 6))
        #expect(try weights(other) != weights(undisturbed))
    }

    @Test func aDivergedTrainingFailsWithItsPlaceAndKeepsItsCheckpoint() throws {
        var hot = options(epochs: 50)
        hot["learning-rate"] = .number(10)
        let directory = scratch["hot"]
        let error = #expect(throws: VarlinkError.self) { try train(in: directory, hot) }
        // Either the loss or, at an epoch's end, the weights are found not to be finite.
        #expect(error?.name == "io.sqzd.Runner.Diverged", "\(String(describing: error))")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(!names.contains("model.safetensors"))
    }

    @Test func whatItCantUseItSaysByName() throws {
        let junk = try scratch.write("junk", [1, 2, 3])
        // A process of its own for each, as the daemon has it.
        func name<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters) throws -> String? {
            let runner = try RunnerProcess()
            defer { runner.end() }
            do {
                _ = try runner.client.call(method, parameters)
                return nil
            } catch let error as VarlinkError {
                // Where the daemon keeps a file is not what its user calls it.
                #expect(!"\(error)".contains(scratch.path), "\(error)")
                return error.name
            }
        }
        typealias Interface = RunnerInterface
        #expect(try name(Interface.Load.self, .init(model: junk)) == "io.sqzd.Runner.BadModel")
        #expect(try name(Interface.Load.self, .init(model: scratch["missing"])) == "io.sqzd.Runner.BadModel")
        #expect(try name(Interface.Inspect.self, .init(model: junk)) == "io.sqzd.Runner.BadModel")
        #expect(try name(Interface.Classify.self, .init(images: [], top: 1)) == "io.sqzd.Runner.BadModel")
        #expect(
            try name(
                Interface.Run.self, .init(id: 1, kind: "train", options: [:], dataset: junk, directory: scratch.path))
                == "io.sqzd.Runner.BadData")
        #expect(
            try name(Interface.Import.self, .init(files: [.init(name: "junk", path: junk)], output: scratch["x"]))
                == "io.sqzd.Runner.BadData")
        #expect(try scratch.names() == ["data", "in", "junk"])
    }

    /// Damage that leaves all numbers finite, wherever a model is taken up.
    @Test func aModelThatFailsItsSelfTestIsNotUsed() throws {
        let directory = scratch["job"]
        _ = try train(in: directory, options(epochs: 1))
        var model = try ModelFile(path: directory + "/model.safetensors")
        #expect(model.selfTest != nil)
        var values = model.weights.values
        values[values.count - 1] += 1_000
        model.weights = try Weights(model.network, values: values)
        let bad = scratch["bad"]
        try model.write(to: bad)
        func refusal<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters) throws -> String {
            let runner = try RunnerProcess(environment: ["SQZ_KERNELS": "baseline"])
            defer { runner.end() }
            let error = try #require(throws: VarlinkError.self) { try runner.client.call(method, parameters) }
            guard case .badModel(let reason)? = SqzError(error) else { throw error }
            return reason
        }
        typealias Interface = RunnerInterface
        let output = scratch["output"]
        for reason in [
            try refusal(Interface.Load.self, .init(model: bad)),
            try refusal(Interface.Inspect.self, .init(model: bad)),
            try refusal(Interface.Convert.self, .init(model: bad, output: output)),
            try refusal(
                Interface.Run.self,
                .init(id: 2, kind: "evaluate", options: [:], dataset: dataset, model: bad, directory: directory)),
        ] {
            #expect(reason.hasPrefix("its self-test fails: with kernels baseline the logit of class "), "\(reason)")
        }
        // One with other names is a model of its own, and as good as what it is made of.
        #expect(
            try refusal(
                Interface.Convert.self, .init(model: bad, output: output, classes: ["x", "y", "z"])
            ).hasPrefix("its self-test fails"))
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    @Test func whereTheDaemonKeepsAModelIsNotSaid() throws {
        // A header that is longer than the file.
        let cut = try scratch.write("cut", [200, 0, 0, 0, 0, 0, 0, 0] + Array("{\"__metadata__\":".utf8))
        let runner = try RunnerProcess()
        defer { runner.end() }
        let error = try #require(throws: VarlinkError.self) {
            try runner.client.call(RunnerInterface.Inspect.self, .init(model: cut))
        }
        #expect("\(error)".contains("not a valid safetensors file") && !"\(error)".contains(scratch.path))
    }

    @Test func aRunnerSeesNoOtherJobsFiles() throws {
        let directory = scratch["job"]
        _ = try train(in: directory, options(epochs: 1))
        let runner = try RunnerProcess()
        defer { runner.end() }
        let copy = try scratch.write(
            "copy", Array(Data(contentsOf: URL(fileURLWithPath: directory + "/model.safetensors"))))
        _ = try runner.client.call(RunnerInterface.Load.self, .init(model: directory + "/model.safetensors"))
        // The second model was not named when it confined itself.
        let error = #expect(throws: VarlinkError.self) {
            try runner.client.call(RunnerInterface.Load.self, .init(model: copy))
        }
        #expect(error?.name == "io.sqzd.Runner.BadModel")
    }

    @Test func itEndsWithItsInput() throws {
        let runner = try RunnerProcess()
        _ = try runner.client.call(RunnerInterface.Describe.self, NoParameters())
        #expect(runner.end() == 0)
    }

    @Test(arguments: Kernels.available.map(\.name)) func itComputesWithTheKernelsThatItIsTold(_ name: String) throws {
        let runner = try RunnerProcess(environment: ["SQZ_KERNELS": name])
        defer { runner.end() }
        let info = try runner.client.call(RunnerInterface.Describe.self, NoParameters())
        #expect(info.properties["kernels"] == name)
    }

    @Test func kernelsThatTheMachineLacksAreRefusedByName() throws {
        let runner = try RunnerProcess(environment: ["SQZ_KERNELS": "abacus"])
        defer { runner.end() }
        let error = #expect(throws: VarlinkError.self) {
            try runner.client.call(RunnerInterface.Describe.self, NoParameters())
        }
        #expect(error?.description.contains("abacus") == true)
    }
}
