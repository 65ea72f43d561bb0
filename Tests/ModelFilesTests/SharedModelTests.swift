import ModelFiles
import Safetensors
import SqueezeNet
import TestSupport
import Testing

/// Files of models whose weights are few numbers.
@Suite struct SharedModelTests {
    private let scratch: ScratchDirectory
    private let model: ModelFile
    private let weights: SharedWeights

    init() throws {
        scratch = try ScratchDirectory()
        let network = try Network(.squeezenetCIFAR, bypass: .simple, classes: 3, inputSize: 24)
        let pruned = Weights(glorotUniformFor: network, seed: 7).pruned(network, sparsity: 0.6)
        weights = try SharedWeights(sharing: pruned, of: network, bits: 4)
        model = try ModelFile(
            network: network, preprocessing: Preprocessing(size: 24), recipe: .tutorial, classes: ["a", "b", "c"],
            parameters: .shared(weights)
        ).withSelfTest(threads: 1)
    }

    @Test func comesBackAsItWasAndIsATenthAsLarge() throws {
        try model.write(to: scratch["m"])
        let read = try ModelFile(path: scratch["m"])
        #expect(read.parameters == model.parameters && read.bits == 32 && read.selfTest == model.selfTest)
        #expect(read.weightsSha256 == model.weightsSha256)
        #expect(try read.fileSize(sharing: weights) == scratch.read("m").count)
        var plain = model
        plain.weights = model.weights
        // What is computed is the same.
        #expect(plain.weightsSha256 == model.weightsSha256)
        try plain.write(to: scratch["plain"])
        let (small, large) = try (scratch.read("m").count, scratch.read("plain").count)
        #expect(Double(small) < 0.12 * Double(large), "\(small) of \(large) bytes")
        #expect(try SafetensorsFile(mapping: scratch["plain"]).metadata["precision"] == nil)
    }

    @Test func scaledLogitsAreStillOfFewNumbers() throws {
        var scaled = model
        try scaled.scaleLogits(by: 0.5)
        guard case .shared(let few) = scaled.parameters else {
            Issue.record("it is of many numbers")
            return
        }
        #expect(few.codes == weights.codes && scaled.selfTest == nil)
        #expect(scaled.weights == model.weights.scalingLogits(model.network, by: 0.5))
    }

    @Test(arguments: [ExportedFile.Format.onnx, .pytorch]) func isExportedAsWhatItStandsFor(
        format: ExportedFile.Format
    ) throws {
        try scratch.write("m", ExportedFile(model, as: format).bytes)
        let again = try ImportedModel(path: scratch["m"]).model
        #expect(again.weights == model.weights)
    }

    /// What stands in the file may come from anybody.
    @Test func badFilesAreRefused() throws {
        try model.write(to: scratch["m"])
        let file = try SafetensorsFile(mapping: scratch["m"])
        let good = try scratch.read("m")
        func refusal(_ name: String, _ change: (inout [UInt8], Range<Int>) -> Void) throws -> String {
            var bytes = good
            change(&bytes, try #require(file.tensors[name]).byteRange)
            try scratch.write("bad", bytes)
            return #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["bad"]) }?.description ?? ""
        }
        #expect(try refusal("codes") { $0[$1.lowerBound] ^= 0xff }.contains("its codes are no"))
        #expect(try refusal("runs") { $0[$1.upperBound - 1] ^= 0xff }.contains("its runs are no"))
        #expect(try refusal("entries") { $0[$1.lowerBound + 3] = 0x7f }.contains("features.0.weight has"))
        #expect(try refusal("entries") { $0[$1.lowerBound] ^= 1 }.contains("Huffman-coded bytes"))
        #expect(try refusal("numbers") { $0[$1.lowerBound] -= 1 }.contains("its codebooks have"))
        // The first layer's last number becomes the second's first: codes say one that is not there.
        let moved = try refusal("numbers") {
            $0[$1.lowerBound] -= 1
            $0[$1.lowerBound + 1] += 1
        }
        #expect(moved.contains("has the code"))
        #expect(
            try refusal("codebooks") {
                $0[$1.lowerBound + 2] = 0x80; $0[$1.lowerBound + 3] = 0x7f
            }.contains("not finite"))
        #expect(
            try refusal("biases") {
                $0[$1.lowerBound + 2] = 0x80; $0[$1.lowerBound + 3] = 0x7f
            }.contains("not finite"))
        // Entries of the second convolution in the first lead past its end.
        let past = try refusal("entries") {
            $0[$1.lowerBound] += 50
            $0[$1.lowerBound + 4] -= 50
        }
        #expect(past.hasPrefix("the runs of features.0.weight lead past its"), "\(past)")
        for precision in ["int8", "int4"] {
            // As long as before.
            let (old, new) = (#""shared""#, #""\#(precision)"  "#)
            try scratch.write("bad", good.replacing(Array(old.utf8), with: Array(new.utf8)))
            let refused = #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["bad"]) }
            #expect(
                refused?.description == "its precision is \(precision); right in sqzd-model-5 would be shared")
        }
    }

    /// As `decode.py` of the paper's authors reads it: codes and runs of each layer, in the network that it is given.
    private static let decoder = """
        import struct, sys
        data = open(sys.argv[1], "rb").read()
        shapes = [tuple(map(int, pair.split(":"))) for pair in sys.argv[2].split()]
        counts = struct.unpack_from(f"<{len(shapes)}I", data)
        at = 4 * len(shapes)
        for (weights, biases), count in zip(shapes, counts):
            codebook = struct.unpack_from("<256f", data, at); at += 1024
            bias = struct.unpack_from(f"<{biases}f", data, at); at += 4 * biases
            codes = data[at:at + count]; at += count
            packed = data[at:at + (count + 1) // 2]; at += (count + 1) // 2
            runs = [n for byte in packed for n in (byte & 15, byte >> 4)][:count]
            values, place = [0.0] * weights, -1
            for code, run in zip(codes, runs):
                place += run + 1
                values[place] = codebook[code]
            sys.stdout.write(" ".join(struct.pack("<f", v).hex() for v in values + list(bias)) + "\\n")
        assert at == len(data)
        """

    @Test func thePapersDecoderReadsIt() throws {
        try scratch.write("m.net", ExportedFile(model, as: .deepCompression).bytes)
        let shapes = model.network.convolutions.map { "\($0.weight.count):\($0.bias.count)" }.joined(separator: " ")
        let output = try Oracle.run("python3", ["-c", Self.decoder, scratch["m.net"], shapes])
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
        let values = model.weights.values
        for ((weight, bias), line) in zip(model.network.convolutions, lines) {
            let own = values[weight.range] + values[bias.range]
            #expect(line.map { UInt32($0, radix: 16) } == own.map(\.bitPattern.byteSwapped), "\(weight.name)")
        }
        #expect(lines.count == model.network.convolutions.count)
        var plain = model
        plain.weights = Weights(glorotUniformFor: model.network, seed: 7)
        #expect(throws: ModelFileError.self) { try ExportedFile(plain, as: .deepCompression) }
    }

    /// SqueezeNet 1.0 goes out in the paper's format and comes in again.
    @Test func squeezeNetOfTheImagesComesBack() throws {
        let network = try Network(.squeezenet10, classes: 1_000, inputSize: 227, classifierPadding: 1)
        let pruned = Weights(glorotUniformFor: network, seed: 7).pruned(network, sparsity: 0.7)
        let few = try SharedWeights(sharing: pruned, of: network, bits: 5)
        let model = try ModelFile(
            network: network, preprocessing: Preprocessing(size: 227), recipe: nil,
            classes: (0..<1_000).map { "\($0)" }, parameters: .shared(few)
        ).withSelfTest(threads: 2)
        try scratch.write("m.net", ExportedFile(model, as: .deepCompression).bytes)
        #expect(try ImportedModel(path: scratch["m.net"]).model.weights == model.weights)
    }

    @Test(.enabled(if: Oracle.shared != nil, "needs ../shared/data")) func thePapersWeightsAreFewNumbers() throws {
        let shared = try #require(Oracle.shared)
        var own = try ImportedModel(path: shared + "/data/squeezenet-v1.0-deep-compression.net").model
        let weights = own.weights
        for (bits, largest) in [(8, 620_000), (5, 500_000)] {
            own.parameters = .shared(try SharedWeights(sharing: weights, of: own.network, bits: bits))
            own = try own.withSelfTest(threads: 2)
            try own.write(to: scratch["own"])
            let read = try ModelFile(path: scratch["own"])
            // Its codebooks have up to 255 numbers.
            #expect(read.parameters == own.parameters && (read.weights == weights) == (bits == 8))
            let size = try scratch.read("own").count
            #expect(size < largest, "\(size)")
        }
    }
}
