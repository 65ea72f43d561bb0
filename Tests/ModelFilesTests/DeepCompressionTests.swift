import ModelFiles
import SqueezeNet
import TestSupport
import Testing

@Suite struct DeepCompressionTests {
    private let scratch: ScratchDirectory

    private let layers: [Network.Parameter]

    init() throws {
        scratch = try ScratchDirectory()
        layers = try Network(.squeezenet10, classes: 1_000, inputSize: 227).parameters
    }

    /// A file of which every weight has an entry, but for every third one of a layer; codes count up.
    private func file() -> [UInt8] {
        var (counts, body): ([UInt8], [UInt8]) = ([], [])
        func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) } }
        for layer in 0..<(layers.count / 2) {
            let entries = layers[2 * layer].count / 2
            counts += bytes(UInt32(entries))
            for code in 0..<256 { body += bytes((Float(code) / 256).bitPattern) }
            for bias in 0..<layers[2 * layer + 1].count { body += bytes(Float(-bias - 1).bitPattern) }
            body += (0..<entries).map { UInt8(truncatingIfNeeded: $0 % 255 + 1) }
            // Every second weight, with one before it that is none.
            body += [UInt8](repeating: 0x11, count: (entries + 1) / 2)
        }
        return counts + body
    }

    private func refusal(_ bytes: [UInt8]) throws -> String? {
        try scratch.write("m", bytes)
        return #expect(throws: ModelFileError.self) { try ImportedModel(path: scratch["m"]) }?.description
    }

    @Test func weightsComeOutWhereTheirRunsSay() throws {
        try scratch.write("m", file())
        let model = try ImportedModel(path: scratch["m"]).model
        #expect(model.network.architecture == .squeezenet10 && model.network.classes == 1_000)
        #expect(model.preprocessing.channels == .bgr && model.preprocessing.size == 227)
        let first = layers[2]
        let values = model.weights.values[first.offset..<(first.offset + first.count)]
        let right: [Float] = [0, 1, 0, 2, 0, 3]
        #expect(values.prefix(6).map { $0 * 256 } == right)
        #expect(model.weights.values[layers[3].offset] == -1)
        // Caffe's classifier sees a border of zeros.
        #expect(model.weights.values[layers.last!.offset] == -1 && model.network.classifierPadding == 1)
    }

    @Test func badFilesAreRefused() throws {
        let good = file()
        #expect(
            try refusal(Array(good.dropLast()))
                == "it ends within the run lengths of classifier.1.weight, of which 127999 of 128000 bytes are there")
        #expect(try refusal(good + [0]) == "1 bytes come after its last layer")
        #expect(
            try refusal(Array(good[..<50])).map { $0.hasPrefix("it ends within the numbers of its layers' entries") }
                == true)
        var bytes = good
        bytes[7] = 1
        #expect(try refusal(bytes)?.contains("no model; what is read is") == true)
        bytes = good
        bytes[100...103] = [0xff, 0xff, 0xff, 0xff]
        #expect(try refusal(bytes) == "classifier.1.weight has 4294967295 entries; right would be 1 to 512000")
        bytes = good
        bytes[bytes.count - 1] = 0xff
        #expect(try refusal(bytes) == "the run lengths of classifier.1.weight lead past its 512000 weights")
        bytes = good
        bytes[104 + 2...104 + 3] = [0xc0, 0x7f]
        #expect(try refusal(bytes) == "features.0.weight has values that are not finite")
        #expect(try refusal([UInt8](repeating: 0, count: 700_000))?.contains("no model; what is read is") == true)
    }

    /// The paper's own file.
    @Test(.enabled(if: Oracle.shared != nil, "needs ../shared/data"))
    func thePapersFileIsRead() throws {
        let shared = try #require(Oracle.shared)
        let model = try ImportedModel(path: shared + "/data/squeezenet-v1.0-deep-compression.net").model
        // As many weights as the paper keeps: a third.
        let kept = model.weights.values.count { $0 != 0 }
        #expect(model.weights.values.count == 1_248_424 && (350_000...450_000).contains(kept))
    }
}
