import ModelFiles
import Safetensors
import SqueezeNet
import TestSupport
import Testing

/// Files of models of eight bits.
@Suite struct QuantizedModelTests {
    private let scratch: ScratchDirectory
    private let model: ModelFile
    private let weights: QuantizedWeights

    init() throws {
        scratch = try ScratchDirectory()
        let network = try Network(.squeezenetCIFAR, bypass: .simple, classes: 3, inputSize: 24)
        weights = try QuantizedWeights(
            quantizing: Weights(glorotUniformFor: network, seed: 7), of: network,
            steps: network.activations.indices.map { 0.02 + 0.001 * Float($0) })
        model = try ModelFile(
            network: network, preprocessing: Preprocessing(size: 24), recipe: .tutorial, classes: ["a", "b", "c"],
            parameters: .int8(weights)
        ).withSelfTest(threads: 1)
    }

    @Test func comesBackAsItWasAndIsAQuarterAsLarge() throws {
        try model.write(to: scratch["m"])
        let read = try ModelFile(path: scratch["m"])
        #expect(read.parameters == model.parameters && read.bits == 8 && read.selfTest == model.selfTest)
        #expect(read.weightsSha256 == model.weightsSha256 && read.weightsSha256.count == 64)
        var plain = model
        plain.weights = model.weights
        #expect(plain.bits == 32 && plain.weightsSha256 != model.weightsSha256)
        try plain.withSelfTest(threads: 1).write(to: scratch["plain"])
        let (small, large) = try (scratch.read("m").count, scratch.read("plain").count)
        #expect(Double(small) < 0.3 * Double(large), "\(small) of \(large) bytes")
        // Files of single precision stay what they were.
        #expect(try SafetensorsFile(mapping: scratch["plain"]).metadata["precision"] == nil)
    }

    /// Not a bit may differ: what single precision lets pass is found.
    @Test func everyKernelSetComputesTheSameBits() throws {
        try model.write(to: scratch["m"])
        let read = try ModelFile(path: scratch["m"])
        for kernels in Kernels.available {
            #expect(throws: Never.self) { try read.classifier(threads: 2, kernels: kernels) }
        }
        let last = weights.scales.count - 1
        var scales = weights.scales
        scales[last] = scales[last].nextUp
        var bad = model
        bad.parameters = try .int8(
            QuantizedWeights(
                model.network, values: weights.values, scales: scales, biases: weights.biases, steps: weights.steps))
        let error = #expect(throws: ModelFileError.self) { try bad.classifier(threads: 1) }
        #expect(error?.description.contains("its self-test fails") == true)
    }

    /// The file with some bytes of a tensor that are others.
    private func changed(_ tensor: String, _ bytes: [UInt8]) throws -> ModelFileError? {
        try model.write(to: scratch["m"])
        let file = try SafetensorsFile(mapping: scratch["m"])
        var all = try scratch.read("m")
        let range = try #require(file.tensors[tensor]).byteRange
        all.replaceSubrange(range.lowerBound..<range.lowerBound + bytes.count, with: bytes)
        try scratch.write("bad", all)
        return #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["bad"]) }
    }

    @Test func numbersThatCantBeAreRefused() throws {
        for (tensor, bytes, told) in [
            ("features.3.squeeze.weight", [0x80], "a weight is -128"),
            ("features.3.squeeze.scale", [0, 0, 0xc0, 0x7f], "a scale or a step is not"),
            ("classifier.1.scale", [0, 0, 0, 0], "a scale or a step is not"),
            ("activations", [0, 0, 0x80, 0xff], "a scale or a step is not"),
            ("classifier.1.bias", [1, 0, 0x80, 0], "a bias is not"),
        ] as [(String, [UInt8], String)] {
            let error = try changed(tensor, bytes)
            #expect(error?.description.contains(told) == true, "\(tensor): \(error?.description ?? "")")
        }
    }

    /// The file with other metadata or tensors.
    private func rewritten(
        _ metadata: [String: String?], tensors: (String, TensorInfo) -> TensorDeclaration?
    ) throws -> ModelFileError? {
        try model.write(to: scratch["m"])
        let file = try SafetensorsFile(mapping: scratch["m"])
        var all = file.metadata
        for (key, value) in metadata { all[key] = value }
        let declared = file.tensors.sorted { $0.value.byteRange.lowerBound < $1.value.byteRange.lowerBound }
            .compactMap { tensors($0.key, $0.value) }
        let writer = try SafetensorsWriter(path: scratch["bad"], tensors: declared, metadata: all)
        for tensor in declared {
            let size = tensor.shape.reduce(tensor.type.size, *)
            try [UInt8](repeating: 1, count: size).withUnsafeBytes { try writer.write($0, to: tensor.name) }
        }
        try writer.commit()
        return #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["bad"]) }
    }

    @Test func metadataAndTensorsThatDoNotFitAreRefused() throws {
        func same(_ name: String, _ info: TensorInfo) -> TensorDeclaration? {
            TensorDeclaration(name: name, type: info.type, shape: info.shape)
        }
        for (metadata, told) in [
            (["precision": "float32"], "its precision is float32"), (["precision": "int3"], "its precision is int3"),
            (["precision": nil], "no precision"), (["format": "sqzd-model-3"], "precision"),
            (["bypass": "complex"], "tensors"),
        ] as [([String: String?], String)] {
            let error = try rewritten(metadata, tensors: same)
            #expect(error?.description.contains(told) == true, "\(error?.description ?? "")")
        }
        let missing = try rewritten([:]) { $0 == "activations" ? nil : same($0, $1) }
        #expect(missing?.description.contains("tensors") == true)
        let mistyped = try rewritten([:]) {
            TensorDeclaration(name: $0, type: $0 == "features.0.weight" ? .uint8 : $1.type, shape: $1.shape)
        }
        #expect(mistyped?.description == "features.0.weight is U8 [64, 3, 3, 3]; right would be I8 [64, 3, 3, 3]")
    }

    @Test(arguments: ExportedFile.Format.allCases) func otherFormatsRefuseIt(_ format: ExportedFile.Format) throws {
        let error = #expect(throws: ModelFileError.self) { try ExportedFile(model, as: format) }
        #expect(error?.description.hasPrefix("it is a model of eight bits") == true)
    }

    @Test func anImportTakesItAsItIs() throws {
        try model.write(to: scratch["m"])
        let imported = try ImportedModel(path: scratch["m"])
        #expect(!imported.isConverted && imported.model.parameters == model.parameters)
    }

    @Test(.enabled(if: Oracle.python != nil, "needs SQZ_PYTHON, with safetensors"))
    func pythonReadsTheNumbers() throws {
        try model.write(to: scratch["m"])
        let script = """
            import sys, safetensors, numpy
            with safetensors.safe_open(sys.argv[1], "np") as f:
                w, s, b = (f.get_tensor("features.3.squeeze." + n) for n in ("weight", "scale", "bias"))
                assert (w.dtype, s.dtype, b.dtype) == (numpy.int8, numpy.float32, numpy.int32)
                assert w.shape == (32, 64, 1, 1) and s.shape == b.shape == (32,)
                assert (abs(w).max(axis=(1, 2, 3)) == 127).all()
                print(f.get_tensor("activations").size)
            """
        let output = try Oracle.run(try #require(Oracle.python), ["-c", script, scratch["m"]])
        #expect(try String(decoding: output, as: UTF8.self) == "\(model.network.activations.count)\n")
    }
}
