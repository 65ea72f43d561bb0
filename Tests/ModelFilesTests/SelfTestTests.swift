import Foundation
import ModelFiles
import SqueezeNet
import TestSupport
import Testing

/// Models that show, before they are used, that they compute what they did where they were made.
@Suite struct SelfTestTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private static func model(
        _ architecture: Architecture = .squeezenetCIFAR, classes: Int = 10, size: Int = 32
    ) throws -> ModelFile {
        let network = try Network(architecture, classes: classes, inputSize: size)
        return ModelFile(
            network: network, preprocessing: try Preprocessing(size: size), recipe: nil,
            classes: (0..<classes).map { "class \($0)" }, weights: Weights(glorotUniformFor: network, seed: 5))
    }

    /// With one weight of a tensor that is another.
    private static func damaged(_ model: ModelFile, _ tensor: String) throws -> ModelFile {
        var model = model
        var values = model.weights.values
        let parameter = try #require(model.network.parameters.first { $0.name == tensor })
        // As a bit of the exponent does it.
        values[parameter.offset + parameter.count / 2] = 1e6
        model.weights = try Weights(model.network, values: values)
        return model
    }

    @Test(arguments: [
        (Architecture.squeezenetCIFAR, 10, 32), (.squeezenet11, 1_000, 64), (.squeezenet10, 5_000, 33),
    ])
    func everyKernelSetComputesWhatTheMakersDid(_ architecture: Architecture, _ classes: Int, _ size: Int) throws {
        let plain = try Self.model(architecture, classes: classes, size: size)
        let made = try plain.withSelfTest(threads: 2)
        try #require(made.selfTest != nil)
        try made.write(to: scratch["m"])
        let read = try ModelFile(path: scratch["m"])
        #expect(read.selfTest == made.selfTest && read.weights.sha256 == plain.weights.sha256)
        for kernels in Kernels.available {
            for threads in [1, 3] {
                #expect(throws: Never.self) { try read.classifier(threads: threads, kernels: kernels) }
            }
        }
        // Each of the logits that are kept takes some twenty bytes.
        try plain.write(to: scratch["plain"])
        let (with, without) = try (scratch.read("m").count, scratch.read("plain").count)
        #expect(with - without < 200 + 2 * 24 * min(classes, 4_096))
    }

    @Test(arguments: ["features.0.weight", "features.4.expand3x3.weight", "classifier.1.weight", "classifier.1.bias"])
    func aDamagedWeightIsFoundAndTheKernelsNamed(_ tensor: String) throws {
        let made = try Self.model().withSelfTest(threads: 1)
        let bad = try Self.damaged(made, tensor)
        try bad.write(to: scratch["m"])
        let read = try ModelFile(path: scratch["m"])
        let kernels = try #require(Kernels.available.first)
        let error = try #require(throws: ModelFileError.self) { try read.classifier(threads: 1, kernels: kernels) }
        #expect(error.description.hasPrefix("its self-test fails: with kernels \(kernels) the logit of class "))
        // Whoever changes weights on purpose makes it anew.
        #expect(throws: Never.self) { try bad.withSelfTest(threads: 1).classifier(threads: 1) }
        var without = bad
        without.selfTest = nil
        #expect(throws: Never.self) { try without.classifier(threads: 1) }
    }

    /// The answers are those of a classifier that has not computed anything. In a process of its own: here others' tests take memory too.
    @Test func theMemoryOfTheTestIsGivenBack() async throws {
        await #expect(processExitsWith: .success) {
            let model = try Self.model(.squeezenet11, classes: 1_000, size: 224).withSelfTest(threads: 2)
            func grown(_ body: () throws -> Classifier) throws -> (Int, Classifier) {
                func resident() throws -> Int {
                    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
                    return try #require(Int(pages)) * Int(getpagesize())
                }
                let before = try resident()
                let classifier = try body()
                return (try resident() - before, classifier)
            }
            _ = try model.classifier(threads: 2)
            var plain = model
            plain.selfTest = nil
            let (without, first) = try grown { try plain.classifier(threads: 2) }
            let (with, second) = try grown { try model.classifier(threads: 2) }
            #expect(with - without < 2 << 20, "\(with) \(without)")
            let side = 224
            let planes = [UInt8](repeating: 77, count: 3 * side * side)
            planes.withUnsafeBytes {
                let picture = Picture(planes: $0, width: side, height: side)
                #expect(first.classify([picture]) == second.classify([picture]))
            }
        }
    }

    @Test(arguments: [
        (#"{"pictures":[]}"#, "its selfTest has 0 pictures; right would be 1 to 4"),
        (
            #"{"pictures":[{"seed":1,"logits":[1,2]}]}"#,
            "its selfTest.pictures[0] has 2 logits; right would be 10"
        ),
        (
            #"{"pictures":[{"seed":1,"logits":[1,2,3,4,5,6,7,8,9,1e39]}]}"#,
            "its selfTest.pictures[0] has logits that are not finite"
        ),
        (#"{"pictures":[{"seed":1,"logits":[],"when":2}]}"#, "its selfTest.pictures[0].when is not known"),
        (#"{"pictures":7}"#, "its selfTest.pictures must be an array"),
        (nil, "its metadata has no selfTest"),
    ]) func whatCanBeNoSelfTestIsRefused(_ text: String?, _ told: String) throws {
        try Self.model().withSelfTest(threads: 1).write(to: scratch["m"])
        let file = try scratch.read("m")
        let length = 8 + file[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        var header = try #require(
            JSONSerialization.jsonObject(with: Data(file[8..<length])) as? [String: [String: Any]])
        header["__metadata__"]?["selfTest"] = text
        let changed = try JSONSerialization.data(withJSONObject: header)
        try scratch.write(
            "m", withUnsafeBytes(of: UInt64(changed.count).littleEndian) { Array($0) } + changed + file[length...])
        let error = try #require(throws: ModelFileError.self) { try ModelFile(path: scratch["m"]) }
        #expect(error.description.hasPrefix(told), "\(error)")
    }

    /// What was made before there were self-tests needs none; what has a history does.
    @Test func anOlderFormatHasNone() throws {
        var model = try Self.model()
        try model.write(to: scratch["m"])
        #expect(try scratch.read("m").firstRange(of: Array("sqzd-model-2".utf8)) != nil)
        #expect(try ModelFile(path: scratch["m"]).selfTest == nil)
        model.history = try History(History.Generation(version: "0.3"))
        #expect(throws: ModelFileError.self) { try model.write(to: scratch["m"]) }
    }
}
