import Bitmaps
import Foundation
import ModelFiles
import SqueezeNet
import TestSupport
import Testing

/// Files that other programs are to read, checked by these.
@Suite struct ExportTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func model(
        _ architecture: Architecture, _ bypass: Bypass = .none, width: Int = 1, size: Int,
        _ channels: Preprocessing.Channels = .rgb,
        _ normalization: Normalization = .perImage
    ) throws -> ModelFile {
        let network = try Network(architecture, width: width, bypass: bypass, classes: 7, inputSize: size)
        var values = Weights(glorotUniformFor: network, seed: 5).values
        // Biases too.
        for parameter in network.parameters where parameter.shape.count == 1 {
            for index in 0..<parameter.count { values[parameter.offset + index] = Float(index % 5) / 20 - 0.05 }
        }
        let model = ModelFile(
            network: network,
            preprocessing: try Preprocessing(
                size: size, squares: [.init(.crop, side: size + 8)], channels: channels, normalization: normalization),
            recipe: .tutorial, classes: ["a", "b", "ä", "d\"", "e", "f", "g"],
            weights: try Weights(network, values: values))
        // Formats before the self-test know no width.
        return width == 1 ? model : try model.withSelfTest(threads: 1)
    }

    private func write(_ file: ExportedFile, to name: String) throws { try scratch.write(name, file.bytes) }

    private static let networks: [(Architecture, Int, Bypass, Int, Preprocessing.Channels, Normalization)] = [
        (.squeezenetCIFAR, 1, .none, 32, .rgb, .perImage), (.squeezenetCIFAR, 1, .simple, 33, .bgr, .perImage),
        (.squeezenet10, 1, .none, 227, .bgr, .caffe), (.squeezenet11, 1, .none, 224, .rgb, .imageNet),
        (.squeezenet11, 1, .simple, 96, .rgb, .imageNet), (.squeezenet10, 1, .complex, 100, .rgb, .perImage),
        (.squeezenetCIFAR, 2, .none, 32, .rgb, .perImage), (.squeezenet10, 2, .none, 64, .rgb, .perImage),
    ]

    private static let onnx = """
        import sys, json, numpy, onnx, onnxruntime
        folder, size, reversed_channels = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "bgr"
        read = lambda name, kind: numpy.fromfile(f"{folder}/{name}", kind)
        pictures = read("pictures", numpy.uint8).reshape(-1, 3, size, size)
        # As [row][column][channel].
        floats = read("floats", numpy.float32).reshape(-1, size, size, 3).transpose(0, 3, 1, 2).copy()
        logits = read("logits", numpy.float32).reshape(len(pictures), -1)
        bound = 1e-5 * abs(logits).max()
        for name, inputs in (("bytes.onnx", pictures), ("floats.onnx", floats)):
            onnx.checker.check_model(f"{folder}/{name}", full_check=True)
            properties = {p.key: p.value for p in onnx.load(f"{folder}/{name}").metadata_props}
            assert json.loads(properties["classes"]) == ["a", "b", "ä", 'd"', "e", "f", "g"], properties
            assert json.loads(properties["preprocessing"])["size"] == size, properties
            session = onnxruntime.InferenceSession(f"{folder}/{name}", providers=["CPUExecutionProvider"])
            for count in (1, 5):
                got, likely = session.run(["logits", "probabilities"], {"pictures": inputs[:count]})
                assert abs(got - logits[:count]).max() <= bound, (name, abs(got - logits[:count]).max(), bound)
                powers = numpy.exp(got - got.max(1, keepdims=True))
                assert abs(likely - powers / powers.sum(1, keepdims=True)).max() < 1e-6
        """

    @Test(
        .enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with onnx and onnxruntime"),
        arguments: networks)
    func anONNXRuntimeAnswersAsTheEngine(
        architecture: Architecture, width: Int, bypass: Bypass, size: Int, channels: Preprocessing.Channels,
        normalization: Normalization
    ) throws {
        let model = try model(architecture, bypass, width: width, size: size, channels, normalization)
        try write(ExportedFile(model, as: .onnx), to: "bytes.onnx")
        try write(ExportedFile(model, as: .onnx, floatInput: true), to: "floats.onnx")
        // The window alone, as the graph takes it.
        let window = try Preprocessing(size: size, channels: channels, normalization: normalization)
        let classifier = try Classifier(
            network: model.network, weights: model.weights, preprocessing: window, threads: 1)
        var random = SeededGenerator(seed: 9)
        var pictures = (0..<5).map { _ in (0..<(3 * size * size)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        // One colour has no deviation.
        pictures[3] = [UInt8](repeating: 77, count: 3 * size * size)
        var (floats, logits) = ([Float](), [Float]())
        for picture in pictures {
            picture.withUnsafeBytes {
                let picture = Picture(planes: $0, width: size, height: size)
                floats += window.input(of: picture)
                logits += classifier.classify([picture])
            }
        }
        try scratch.write("pictures", pictures.flatMap { $0 })
        try scratch.write("floats", floats.withUnsafeBytes { Array($0) })
        try scratch.write("logits", logits.withUnsafeBytes { Array($0) })
        try Oracle.run(
            try #require(Oracle.python), ["-c", Self.onnx, scratch.path, "\(size)", channels.rawValue])
    }

    @Test(arguments: networks)
    func whatWasExportedComesBackAsItWas(
        architecture: Architecture, width: Int, bypass: Bypass, size: Int, channels: Preprocessing.Channels,
        normalization: Normalization
    ) throws {
        let model = try model(architecture, bypass, width: width, size: size, channels, normalization)
        for (format, floatInput) in [(ExportedFile.Format.onnx, false), (.onnx, true), (.pytorch, false)] {
            try write(ExportedFile(model, as: format, floatInput: floatInput), to: "m")
            let imported = try ImportedModel(path: scratch["m"])
            #expect(imported.isConverted && imported.remarks.isEmpty, "\(imported.remarks)")
            let read = imported.model
            #expect(read.network == model.network && read.weights == model.weights && read.recipe == model.recipe)
            #expect(read.classes == model.classes && read.preprocessing == model.preprocessing)
        }
        // What is chosen holds.
        let names = (0..<7).map { "kind \($0)" }
        #expect(try ImportedModel(path: scratch["m"], classes: names).model.classes == names)
    }

    @Test func whatDoesNotDoAsItSaysIsRefused() throws {
        func refusal(_ change: (inout String) -> Void) throws -> String? {
            let model = try model(.squeezenetCIFAR, size: 32, .rgb, .caffe)
            var text = String(
                String.UnicodeScalarView(try ExportedFile(model, as: .onnx).bytes.map { Unicode.Scalar($0) }))
            change(&text)
            try scratch.write("m", text.unicodeScalars.map { UInt8($0.value) })
            return #expect(throws: ModelFileError.self) { try ImportedModel(path: scratch["m"]) }?.description
        }
        let untrue = "its first nodes do not make of pictures what its metadata's preprocessing says"
        #expect(try refusal { $0.replace(#""mean":[104.0,"#, with: #""mean":[105.0,"#) } == untrue)
        #expect(try refusal { $0.replace(#"channels":"rgb"#, with: #"channels":"bgr"#) } == untrue)
        #expect(
            try refusal { $0.replace(#"{"size":32"#, with: #"{"sise":32"#) }?.hasPrefix("its preprocessing") == true)
    }

    @Test(.enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with numpy"))
    func aStateDictIsAPickleAndStorages() throws {
        let model = try model(.squeezenet11, .complex, size: 64, .bgr)
        let file = try ExportedFile(model, as: .pytorch)
        try write(file, to: "m.pth")
        try model.write(to: scratch["m.safetensors"])
        let module = try #require(file.module)
        try scratch.write("m.py", Array(module.utf8))
        let script = """
            import collections, json, pickle, sys, zipfile, numpy, safetensors.numpy
            folder = sys.argv[1]
            archive = zipfile.ZipFile(f"{folder}/m.pth")
            assert archive.testzip() is None and archive.read("archive/version") == b"3\\n"
            data = open(f"{folder}/m.pth", "rb").read()
            for info in archive.infolist():
                # As PyTorch maps them.
                name, field = (int.from_bytes(data[info.header_offset + at:][:2], "little") for at in (26, 28))
                assert (info.header_offset + 30 + name + field) % 64 == 0, info

            def rebuild(storage, offset, shape, strides, gradient, hooks):
                assert offset == 0 and not gradient and not hooks and storage.size == numpy.prod(shape)
                assert strides == tuple(s // 4 for s in numpy.empty(shape, numpy.float32).strides)
                return storage.reshape(shape)

            class Reader(pickle.Unpickler):
                def find_class(self, module, name):
                    return {
                        ("collections", "OrderedDict"): collections.OrderedDict,
                        ("torch._utils", "_rebuild_tensor_v2"): rebuild,
                        ("torch", "FloatStorage"): "floats",
                    }[module, name]

                def persistent_load(self, key):
                    kind, type, number, place, count = key
                    assert (kind, type, place) == ("storage", "floats", "cpu")
                    storage = numpy.frombuffer(archive.read(f"archive/data/{number}"), numpy.float32)
                    assert storage.size == count
                    return storage

            tensors = Reader(archive.open("archive/data.pkl")).load()
            right = safetensors.numpy.load_file(f"{folder}/m.safetensors")
            assert isinstance(tensors, collections.OrderedDict) and tensors.keys() == right.keys()
            assert all(numpy.array_equal(tensors[name], right[name]) for name in right)
            assert json.loads(json.loads(archive.read("archive/sqzd.json"))["classes"])[2] == "ä"
            compile(open(f"{folder}/m.py").read(), "m.py", "exec")
            """
        try Oracle.run(try #require(Oracle.python), ["-c", script, scratch.path])
        for line in [
            "nn.Conv2d(3, 64, 3, stride=2), nn.ReLU(),", "nn.MaxPool2d(3, 2, ceil_mode=True),",
            "Fire(64, 16, 64, nn.Conv2d(64, 128, 1)),", "Fire(128, 16, 64, nn.Identity()),",
            "nn.Conv2d(512, 7, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)", "pictures[:, [2, 1, 0]]",
            "max(72, 72 * side // min(image.size))",
        ] { #expect(module.contains(line), "\(line)") }
        // The tutorial's pools drop what hangs over.
        let small = try ExportedFile(self.model(.squeezenetCIFAR, size: 32), as: .pytorch).module
        #expect(small?.contains("nn.MaxPool2d(2, 2),") == true && small?.contains("ceil_mode") == false)
    }
}
