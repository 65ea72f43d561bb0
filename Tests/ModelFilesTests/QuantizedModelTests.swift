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
        (model, weights) = try Self.made(.simple)
    }

    private static func made(_ bypass: Bypass) throws -> (ModelFile, QuantizedWeights) {
        let network = try Network(.squeezenetCIFAR, bypass: bypass, classes: 3, inputSize: 24)
        let weights = try QuantizedWeights(
            quantizing: Weights(glorotUniformFor: network, seed: 7), of: network,
            steps: network.activations.enumerated().map { place, activation in
                activation.isSigned
                    ? ActivationStep(size: 0.03, zero: 100) : ActivationStep(size: 0.02 + 0.001 * Float(place))
            })
        let model = try ModelFile(
            network: network, preprocessing: Preprocessing(size: 24), recipe: .tutorial, classes: ["a", "b", "c"],
            parameters: .int8(weights)
        ).withSelfTest(threads: 1)
        return (model, weights)
    }

    @Test(arguments: [Bypass.simple, .complex]) func comesBackAsItWasAndIsAQuarterAsLarge(bypass: Bypass) throws {
        let (model, _) = try Self.made(bypass)
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

    /// Models from before activations had eight bits.
    @Test func activationsOfSevenBitsStayThat() throws {
        // Of small steps, that the largest activations are needed.
        let models = try [QuantizedWeights.ActivationBits.seven, .eight].map { bits in
            var model = model
            model.parameters = try .int8(
                QuantizedWeights(
                    model.network, activationBits: bits, values: weights.values, scales: weights.scales,
                    biases: weights.biases.map { $0 / 8 },
                    steps: weights.steps.map { ActivationStep(size: $0.size / 8) }))
            return try model.withSelfTest(threads: 1)
        }
        let old = models[0]
        #expect(old.selfTest != models[1].selfTest)
        try old.write(to: scratch["old"])
        #expect(try SafetensorsFile(mapping: scratch["old"]).metadata["format"] == "sqzd-model-4")
        let read = try ModelFile(path: scratch["old"])
        #expect(read.parameters == old.parameters && read.selfTest == old.selfTest)
        #expect(throws: Never.self) { try read.classifier(threads: 1) }
        try scratch.write("old.onnx", ExportedFile(read, as: .onnx).bytes)
        #expect(try ImportedModel(path: scratch["old.onnx"]).model.parameters == old.parameters)
    }

    @Test(arguments: [4, 5, 6, 7]) func fewerBitsAreKeptInAsMany(bits: Int) throws {
        let small = try QuantizedWeights(
            quantizing: model.weights, of: model.network, bits: bits, steps: weights.steps)
        var few = model
        few.parameters = .int8(small)
        few = try few.withSelfTest(threads: 1)
        try few.write(to: scratch["few"])
        try model.write(to: scratch["m"])
        let read = try ModelFile(path: scratch["few"])
        #expect(read.parameters == few.parameters && read.bits == bits && read.selfTest == few.selfTest)
        let saved = try scratch.read("m").count - scratch.read("few").count
        let between = model.network.parameters.dropFirst(2).dropLast(2).filter { $0.shape.count == 4 }
        #expect(abs(saved - between.reduce(0) { $0 + $1.count } * (8 - bits) / 8) < 600, "\(saved)")
        try scratch.write("few.onnx", ExportedFile(few, as: .onnx).bytes)
        #expect(try ImportedModel(path: scratch["few.onnx"]).model.parameters == few.parameters)
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
            ("features.3.squeeze.weight", [0x80], "a weight of 8 bits is -128"),
            ("features.3.squeeze.weight", [64, 65], "two neighbouring weights of a 1x1 layer come to 129"),
            ("features.3.squeeze.weight", [0xc0, 0xbf], "two neighbouring weights of a 1x1 layer come to -129"),
            ("features.3.squeeze.scale", [0, 0, 0xc0, 0x7f], "a scale is nan"),
            ("classifier.1.scale", [0, 0, 0, 0], "a scale is 0.0"),
            ("activations", [0, 0, 0x80, 0xff], "the step of input is -inf"),
            ("classifier.1.bias", [1, 0, 0x80, 0], "a bias is not"),
        ] as [(String, [UInt8], String)] {
            let error = try changed(tensor, bytes)
            #expect(error?.description.contains(told) == true, "\(tensor): \(error?.description ?? "")")
        }
    }

    /// The file with other metadata or tensors.
    private func rewritten(
        _ metadata: [String: String?], more: TensorDeclaration? = nil,
        tensors: (String, TensorInfo) -> TensorDeclaration?
    ) throws -> ModelFileError? {
        try model.write(to: scratch["m"])
        let file = try SafetensorsFile(mapping: scratch["m"])
        var all = file.metadata
        for (key, value) in metadata { all[key] = value }
        let declared =
            file.tensors.sorted { $0.value.byteRange.lowerBound < $1.value.byteRange.lowerBound }
            .compactMap { tensors($0.key, $0.value) } + (more.map { [$0] } ?? [])
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
            (["bypass": "complex"], "it has no features.3.bypass.weight"),
        ] as [([String: String?], String)] {
            let error = try rewritten(metadata, tensors: same)
            #expect(error?.description.contains(told) == true, "\(error?.description ?? "")")
        }
        let missing = try rewritten([:]) { $0 == "activations" ? nil : same($0, $1) }
        #expect(missing?.description == "it has no activations")
        let strange = try rewritten(
            [:], more: TensorDeclaration(name: "zeros", type: .uint8, shape: [1]), tensors: same)
        #expect(strange?.description == "it has zeros, which the network in whole numbers does not have")
        let mistyped = try rewritten([:]) {
            TensorDeclaration(name: $0, type: $0 == "features.0.weight" ? .uint8 : $1.type, shape: $1.shape)
        }
        #expect(mistyped?.description == "features.0.weight is U8 [64, 3, 3, 3]; right would be I8 [64, 3, 3, 3]")
    }

    @Test func aStateDictHasNoEightBits() throws {
        let error = #expect(throws: ModelFileError.self) { try ExportedFile(model, as: .pytorch) }
        #expect(error?.description.hasPrefix("it is a model of eight bits") == true)
    }

    /// What stands for zero is part of what a model is known by.
    @Test func anotherZeroIsAnotherModel() throws {
        let (model, weights) = try Self.made(.complex)
        var other = model
        other.parameters = try .int8(
            QuantizedWeights(
                model.network, values: weights.values, scales: weights.scales, biases: weights.biases,
                steps: weights.steps.map { $0.zero > 0 ? ActivationStep(size: $0.size, zero: $0.zero + 1) : $0 }))
        #expect(other.weightsSha256 != model.weightsSha256)
        #expect(throws: ModelFileError.self) { try other.classifier(threads: 1) }
    }

    @Test(arguments: [false, true], [Bypass.simple, .complex])
    func itsGraphComesBackBitForBit(floatInput: Bool, bypass: Bypass) throws {
        let (model, _) = try Self.made(bypass)
        let bytes = try ExportedFile(model, as: .onnx, floatInput: floatInput).bytes
        try scratch.write("m", bytes)
        let imported = try ImportedModel(path: scratch["m"])
        #expect(imported.isConverted && imported.remarks.isEmpty)
        #expect(imported.model.parameters == model.parameters && imported.model.selfTest == model.selfTest)
        #expect(imported.model.classes == model.classes && imported.model.preprocessing == model.preprocessing)
        // A node of the input that does not do what its step says.
        var text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        text.replace("Round", with: "Floor")
        try scratch.write("m", text.unicodeScalars.map { UInt8($0.value) })
        let error = #expect(throws: ModelFileError.self) { try ImportedModel(path: scratch["m"]) }
        #expect(error?.description.hasPrefix("its first nodes do not make") == true, "\(error?.description ?? "")")
    }

    /// What its numbers stand for in a runtime is what they do here.
    @Test(arguments: ["unit", "zero"]) func aGraphThatSaysSomethingElseIsRefused(change: String) throws {
        var bytes = try ExportedFile(model, as: .onnx).bytes
        switch change {
        case "unit":
            let name = Array("features.0.unit".utf8)
            let place = try #require(bytes.indices.last { bytes[$0...].starts(with: name) })
            bytes[place + name.count + 2] ^= 0x40
        default:
            let name = Array("zero".utf8)
            let place = try #require(bytes.indices.last { bytes[$0...].starts(with: name) })
            bytes[place] = UInt8(ascii: "Z")
        }
        try scratch.write("m", bytes)
        #expect(throws: ModelFileError.self) { try ImportedModel(path: scratch["m"]) }
    }

    private static let onnx = """
        import sys, numpy, onnx, onnxruntime
        folder, size = sys.argv[1], int(sys.argv[2])
        read = lambda name, kind: numpy.fromfile(f"{folder}/{name}", kind)
        pictures = read("pictures", numpy.uint8).reshape(-1, 3, size, size)
        logits = read("logits", numpy.float32).reshape(len(pictures), -1)
        step = read("step", numpy.float32)
        onnx.checker.check_model(f"{folder}/m.onnx", full_check=True)
        session = onnxruntime.InferenceSession(f"{folder}/m.onnx", providers=["CPUExecutionProvider"])
        got = session.run(["logits"], {session.get_inputs()[0].name: pictures})[0]
        error = abs(got - logits)
        assert error.mean() <= step / 2 and error.max() <= 4 * step, (error.mean(), error.max(), step)
        assert (got.argmax(1) == logits.argmax(1)).mean() > 0.9
        """

    /// As far as some steps of the last activation move them, of which there are thousands: a byte may be rounded the other way where it
    /// is halfway, and moves those after it.
    @Test(
        .enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with onnx and onnxruntime"),
        arguments: [Bypass.simple, .complex])
    func onnxruntimeAnswersAsTheEngine(bypass: Bypass) throws {
        let (model, weights) = try Self.made(bypass)
        try scratch.write("m.onnx", ExportedFile(model, as: .onnx).bytes)
        let classifier = try model.classifier(threads: 1)
        var random = SeededGenerator(seed: 9)
        let pictures = (0..<40).map { _ in
            let colour = Int.random(in: 0...200, using: &random)
            return (0..<3 * 24 * 24).map { _ in UInt8(colour + Int.random(in: 0...55, using: &random)) }
        }
        let logits = pictures.flatMap { picture in
            picture.withUnsafeBytes { classifier.classify([Picture(planes: $0, width: 24, height: 24)]) }
        }
        let filters = weights.scales.suffix(3).enumerated().map { place, scale in
            let values = weights.values.suffix(3 * 512)
            return values.dropFirst(512 * place).prefix(512).reduce(0) { max($0, abs(Float($1) * scale)) }
        }
        try scratch.write("pictures", pictures.flatMap { $0 })
        try scratch.write("logits", logits.withUnsafeBytes { Array($0) })
        try scratch.write("step", [filters.max()! * weights.steps.last!.size].withUnsafeBytes { Array($0) })
        try Oracle.run(try #require(Oracle.python), ["-c", Self.onnx, scratch.path, "24"])
    }

    private static let quantize = """
        import sys, numpy
        from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
        folder, signed, channels = sys.argv[1], sys.argv[2] == "signed", sys.argv[3] == "channels"

        class Pictures(CalibrationDataReader):
            def __init__(self):
                random = numpy.random.default_rng(1)
                self.left = [random.normal(size=(1, 3, 24, 24)).astype(numpy.float32) for _ in range(8)]

            def get_next(self):
                return {"pictures": self.left.pop()} if self.left else None

        quantize_static(f"{folder}/float.onnx", f"{folder}/m.onnx", Pictures(), quant_format=QuantFormat.QDQ,
                        activation_type=QuantType.QInt8 if signed else QuantType.QUInt8, per_channel=channels)
        """

    /// Others' eight bits come in as what their weights stand for.
    @Test(
        .enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with onnx and onnxruntime"),
        arguments: [("signed", "channels"), ("unsigned", "channels"), ("unsigned", "whole")])
    func whatOnnxruntimeQuantizedIsRead(sign: String, channels: String) throws {
        var plain = model
        plain.weights = model.weights
        plain = try plain.withSelfTest(threads: 1)
        try scratch.write("float.onnx", ExportedFile(plain, as: .onnx, floatInput: true).bytes)
        try Oracle.run(try #require(Oracle.python), ["-c", Self.quantize, scratch.path, sign, channels])
        let imported = try ImportedModel(path: scratch["m.onnx"])
        #expect(imported.model.bits == 32 && imported.remarks.contains { $0.contains("of eight bits") })
        // Its weights are others', all else is what it was.
        #expect(imported.model.preprocessing == plain.preprocessing && imported.model.classes == plain.classes)
        #expect(imported.model.selfTest == nil && imported.model.history == nil)
        let (found, right) = (imported.model.weights.values, plain.weights.values)
        #expect(found.count == right.count)
        for parameter in plain.network.parameters {
            let range = parameter.offset..<parameter.offset + parameter.count
            let largest = right[range].reduce(0) { max($0, abs($1)) }
            let error = zip(found[range], right[range]).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(error <= largest / 100, "\(parameter.name) is off by \(error) of \(largest)")
        }
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
                expand = f.get_tensor("features.3.expand3x3.weight")
                assert (w.dtype, s.dtype, b.dtype) == (numpy.int8, numpy.float32, numpy.int32)
                assert w.shape == (32, 64, 1, 1) and s.shape == b.shape == (32,)
                assert (abs(expand).max(axis=(1, 2, 3)) == 127).all()
                first, second = w[:, ::2].astype(int), w[:, 1::2].astype(int)
                assert abs(first + second)[first * second > 0].max() == 128
                print(f.get_tensor("activations").size)
            """
        let output = try Oracle.run(try #require(Oracle.python), ["-c", script, scratch["m"]])
        #expect(String(decoding: output, as: UTF8.self) == "\(model.network.activations.count)\n")
    }
}
