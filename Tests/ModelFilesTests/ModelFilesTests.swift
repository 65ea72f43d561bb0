import Crypto
import ModelFiles
import Safetensors
import SqueezeNet
import TestSupport
import Testing
import Varlink

@Suite struct ModelFilesTests {
    private let scratch: ScratchDirectory
    private let network: Network
    private let model: ModelFile

    init() throws {
        scratch = try ScratchDirectory()
        network = try Network(.squeezenetCIFAR, bypass: .simple, classes: 3, inputSize: 24)
        var recipe = Recipe.tutorial
        recipe.augmentation.padding = 2
        recipe.learningRate = 0.003
        model = ModelFile(
            network: network, preprocessing: try Preprocessing(size: 24), recipe: recipe,
            classes: ["a", "b", "c"],
            weights: Weights(glorotUniformFor: network, seed: 7))
    }

    @Test func aModelComesBackAsItWas() throws {
        try model.write(to: scratch["m"])
        let read = try ModelFile(path: scratch["m"])
        #expect(read.network == network && read.preprocessing == model.preprocessing && read.recipe == model.recipe)
        #expect(read.classes == model.classes && read.weights == model.weights)
        #expect(read.weights.sha256 == model.weights.sha256 && read.weights.sha256.count == 64)
        #expect(try scratch.names() == ["m"])
    }

    @Test(.enabled(if: Oracle.python != nil, "needs SQZ_PYTHON, with safetensors"))
    func pythonReadsTheWeightsUnderPyTorchsNames() throws {
        try model.write(to: scratch["m"])
        let script = """
            import sys, safetensors
            with safetensors.safe_open(sys.argv[1], "np") as f:
                names = sorted(f.keys())
                assert f.get_tensor("features.3.squeeze.weight").shape == (32, 64, 1, 1)
                assert f.get_tensor("classifier.1.bias").shape == (3,)
                assert f.metadata()["architecture"] == "squeezenet-cifar"
                print(sum(f.get_tensor(n).size for n in names))
            """
        let output = try Oracle.run(try #require(Oracle.python), ["-c", script, scratch["m"]])
        #expect(String(decoding: output, as: UTF8.self) == "\(network.parameterCount)\n")
    }

    /// A model as 0.1.0 wrote it.
    private func writeFirstVersion(preprocessing: String) throws {
        try write(
            [
                "format": "sqzd-model-1", "architecture": "squeezenet-cifar", "bypass": "simple",
                "classes": #"["a","b","c"]"#, "preprocessing": preprocessing,
            ], to: "old")
    }

    /// The model's weights under these metadata.
    private func write(_ metadata: [String: String], to name: String) throws {
        let writer = try SafetensorsWriter(
            path: scratch[name],
            tensors: network.parameters.map { TensorDeclaration(name: $0.name, type: .float32, shape: $0.shape) },
            metadata: metadata)
        for parameter in network.parameters {
            try model.weights.values[parameter.offset..<parameter.offset + parameter.count].withUnsafeBytes {
                try writer.write($0, to: parameter.name)
            }
        }
        try writer.commit()
    }

    @Test(arguments: [32, 1_024]) func aModelOfTheFirstVersionIsRead(sourceSize: Int) throws {
        try writeFirstVersion(
            preprocessing: #"{"sourceSize":\#(sourceSize),"size":24,"padding":2,"flips":false}"#)
        let read = try ModelFile(path: scratch["old"])
        #expect(read.network == network && read.preprocessing == model.preprocessing)
        #expect(read.recipe?.name == .tutorial && read.recipe?.augmentation == Augmentation(padding: 2, flips: false))
        #expect(read.classes == model.classes && read.weights == model.weights)
    }

    @Test func aFileThatIsNoModelIsRefusedByWhatItIs() throws {
        func reason(_ bytes: [UInt8]) throws -> String? {
            try scratch.write("m", bytes)
            return #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["m"]) }?.description
        }
        let read =
            "no model; what is read is safetensors (sqzd-model-1, sqzd-model-2, sqzd-model-3, sqzd-model-4, sqzd-model-5, sqzd-model-6)"
        #expect(try reason([]) == "the file is empty, \(read)")
        #expect(try reason([0x89, 0x50, 0x4e, 0x47]) == "the file is a PNG picture, \(read)")
        #expect(
            try reason([0x50, 0x4b, 3, 4]) == "the file is a zip archive, as PyTorch and Keras write them, \(read)")
        #expect(
            try reason([0x40, 0x0d, 3, 0] + [UInt8](repeating: 1, count: 30))
                == "the file begins with 0x40 0x0d 0x03 0x00 0x01 0x01 0x01 0x01, \(read)")
        let writer = try SafetensorsWriter(
            path: scratch["pt"], tensors: [TensorDeclaration(name: "x", type: .float32, shape: [0])],
            metadata: ["format": "pt"])
        try writer.write(UnsafeRawBufferPointer(start: nil, count: 0), to: "x")
        try writer.commit()
        let error = #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["pt"]) }
        #expect(
            error?.description
                == "its format is pt; what is read is sqzd-model-1, sqzd-model-2, sqzd-model-3, sqzd-model-4, sqzd-model-5, sqzd-model-6"
        )
        // Not by a path that may be the daemon's own.
        #expect(try reason([1, 0, 0, 0, 0, 0, 0, 0, UInt8(ascii: "{")])?.contains(scratch.path) == false)
        let missing = #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["missing"]) }
        #expect(missing?.description == "can't be read: No such file or directory")
    }

    private static let current = [
        "format": "sqzd-model-2", "architecture": "squeezenet-cifar", "bypass": "simple", "classes": #"["a","b","c"]"#,
        "preprocessing": #"{"size":24,"fit":{"window":{}},"normalization":{"perImage":{}}}"#,
        "recipe": """
        {"name":"tutorial","learningRate":0.001,"optimizer":{"adam":{"beta1":0.9,"beta2":0.999,"epsilon":1e-8}},\
        "usesDropout":true,"augmentation":{"padding":4,"flips":true}}
        """,
    ]

    /// Whatever is wrong is named, with what would be right, in no programming language's words.
    @Test(arguments: [
        ("extra", "1", "its metadata has extra, which sqzd-model-2 does not know"),
        ("history", "[{}]", "its metadata has history, which sqzd-model-2 does not know"),
        (
            "preprocessing", #"{"size":24,"fit":{"window":{"a":1}},"normalization":{"perImage":{}}}"#,
            "its preprocessing.fit.window.a is not known to this version"
        ),
        (
            "preprocessing", #"{"size":24,"fit":{},"normalization":{"perImage":{}}}"#,
            "its preprocessing.fit must be one of window, is nothing"
        ),
        (
            "preprocessing", #"{"size":24,"fit":{"stretch":{}},"normalization":{"perImage":{}}}"#,
            "its preprocessing.fit must be one of window, is stretch"
        ),
        (
            "preprocessing", #"{"size":0,"fit":{"window":{}},"normalization":{"perImage":{}}}"#,
            "its preprocessing: the input's size must be 1 to 1024, not 0"
        ),
        (
            "preprocessing", #"{"size":"x","fit":{"window":{}},"normalization":{"perImage":{}}}"#,
            "its preprocessing.size must be an integer, is a string"
        ),
        ("recipe", #"{"learningRate":0.1}"#, "its recipe.name is missing"),
        ("recipe", #"{"name":"secret"}"#, "its recipe.name must be one of tutorial, quick, strong, is secret"),
        (
            "recipe", #"{"name":"tutorial","learningRate":0.1,"optimizer":{"lion":{}}}"#,
            "its recipe.optimizer must be what is known here, is lion"
        ),
        ("recipe", "{", "its recipe is no JSON: "),
        ("architecture", "resnet", "its architecture is resnet; what is read is squeezenet-cifar, squeezenet-1.0"),
        ("classes", #"["a","b"]"#, "parameter"),
        ("classes", #"["a"]"#, "a network tells 2 to 65536 classes apart; there is 1"),
        ("classes", #"["a","b",3]"#, "its classes[2] must be a string, is an integer"),
        ("classes", #"["a","b","a"]"#, "classes 0 and 2 have the same name: a"),
        ("classes", #"["a","","c"]"#, "the name of class 1 is empty"),
        ("classes", #"["a","b\u0007","c"]"#, "the name of class 1 has a control character"),
        (
            "classes", #"["a","\#(String(repeating: "b", count: 100_000))","c"]"#,
            "the name of class 1 has 100000 bytes; at most 255 are taken"
        ),
        (
            "training", #"{"pictures":"","seed":1,"heldOut":0,"isNoBetterThanChance":false}"#,
            "its training.pictures has 0 bytes; right would be the 64 of a sha256"
        ),
        (
            "training", #"{"pictures":"","seed":1,"heldOut":-1,"isNoBetterThanChance":false}"#,
            "its training.heldOut is -1; right would be 0 or more"
        ),
    ]) func metadataThatAreNotUnderstoodAreRefusedByName(_ key: String, _ value: String, _ told: String) throws {
        try write(Self.current, to: "good")
        #expect(throws: Never.self) { try ModelFile(path: scratch["good"]) }
        try write(Self.current.merging([key: value]) { $1 }, to: "bad")
        let error = try #require(throws: ModelFileError.self) { try ModelFile(path: scratch["bad"]) }
        #expect(told == "parameter" ? error.description.contains("F32") : error.description.hasPrefix(told), "\(error)")
    }

    @Test(arguments: [-5, 0, 1_025]) func aSizeThatNoPictureHasIsRefused(sourceSize: Int) throws {
        try writeFirstVersion(
            preprocessing: #"{"sourceSize":\#(sourceSize),"size":24,"padding":2,"flips":false}"#)
        let error = #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["old"]) }
        #expect(error?.description == "its preprocessing.sourceSize is \(sourceSize); right would be 1 to 1024")
    }

    /// What it says to do with a picture and this version does not know would be left undone.
    @Test(arguments: [
        #"{"size":24,"fit":{"window":{}},"normalization":{"perImage":{}},"channels":"BGR"}"#,
        #"{"size":24,"fit":{"stretch":{}},"normalization":{"perImage":{}}}"#,
        #"{"size":24,"fit":{"window":{}}}"#,
        #"{"size":0,"fit":{"window":{}},"normalization":{"perImage":{}}}"#,
    ]) func preprocessingThatIsNotUnderstoodIsRefused(_ preprocessing: String) throws {
        #expect(throws: JSONError.self) {
            try JSON.decode(Preprocessing.self, from: Array(preprocessing.utf8), unknownKeys: .refuse)
        }
    }

    @Test func damagedModelsAreRefusedWithAReason() throws {
        try model.write(to: scratch["m"])
        let good = try scratch.read("m")
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            var bytes = good
            // The header: what follows it is numbers, and any finite number is one.
            let place = Int.random(in: 0..<3_000, using: &generator)
            bytes[place] ^= UInt8.random(in: 1...255, using: &generator)
            try scratch.write("bad", bytes)
            do {
                let read = try ModelFile(path: scratch["bad"])
                #expect(read.weights.values.count == read.network.parameterCount)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
        try scratch.write("short", Array(good.dropLast(4)))
        #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["short"]) }
        #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["missing"]) }
    }

    @Test func weightsThatAreNotFiniteAreRefused() throws {
        var values = model.weights.values
        values[5] = .nan
        var broken = model
        broken.weights = try Weights(network, values: values)
        try broken.write(to: scratch["m"])
        let error = #expect(throws: ModelFileError.self) { try ModelFile(path: scratch["m"]) }
        #expect(error?.description.contains("not finite") == true)
    }

    private func checkpoint(steps: Int) -> Checkpoint {
        Checkpoint(
            state: TrainerState(
                weights: Weights(glorotUniformFor: network, seed: UInt64(steps)),
                slots: [
                    "firstMoment": Weights(glorotUniformFor: network, seed: 100),
                    "secondMoment": Weights(glorotUniformFor: network, seed: 200),
                ], steps: steps),
            recipe: model.recipe!,
            position: .init(epoch: 2, step: steps, lossSum: 0.1, correct: 3, count: 128),
            ended: [
                .init(
                    position: .init(epoch: 1, step: 4, lossSum: 0.3, correct: 2, count: 512),
                    validation: .init(lossSum: 0.7, correct: 1, count: 64), isNoBetterThanChance: true)
            ])
    }

    private func newest(_ refused: (String, String) -> Void = { _, _ in }) throws -> Checkpoint? {
        try Checkpoint.newest(in: scratch.path, for: network, recipe: .tutorial, refused: refused)
    }

    @Test func theTwoNewestCheckpointsAreKept() throws {
        #expect(try newest() == nil)
        for steps in [1, 2, 10, 3] { try checkpoint(steps: steps).write(in: scratch.path) }
        #expect(try scratch.names() == ["checkpoint-0000000003.safetensors", "checkpoint-0000000010.safetensors"])
        let read = try #require(try newest())
        let written = checkpoint(steps: 10)
        #expect(read.state == written.state && read.position == written.position && read.ended == written.ended)
        #expect(read.recipe == model.recipe && read.recipe != .tutorial)
    }

    /// As 0.1.0 wrote it: without a recipe, which is the job's.
    @Test func aCheckpointOfTheFirstVersionIsRead() throws {
        let written = checkpoint(steps: 3)
        let position = #"{"epoch":2,"step":3,"lossSum":0.1,"correct":3,"count":128}"#
        let parts = [
            ("weights", written.state.weights), ("firstMoment", written.state.slots["firstMoment"]!),
            ("secondMoment", written.state.slots["secondMoment"]!),
        ]
        var hash = SHA256()
        hash.update(data: Array("3 \(position)".utf8))
        for (_, part) in parts { part.withUnsafeBytes { hash.update(bufferPointer: $0) } }
        let writer = try SafetensorsWriter(
            path: scratch["checkpoint-0000000003.safetensors"],
            tensors: parts.map { TensorDeclaration(name: $0.0, type: .float32, shape: [network.parameterCount]) },
            metadata: [
                "format": "sqzd-checkpoint-1", "steps": "3", "position": position,
                "sha256": hash.finalize().map { String(Int($0) | 0x100, radix: 16).dropFirst() }.joined(),
            ])
        for (name, part) in parts { try part.withUnsafeBytes { try writer.write($0, to: name) } }
        try writer.commit()
        let read = try #require(try newest { Issue.record("\($0): \($1)") })
        #expect(read.state == written.state && read.position == written.position && read.ended.isEmpty)
        #expect(read.recipe == .tutorial)
    }

    /// As 0.2.0 wrote it: its recipe says neither for how many epochs nor of which batches, which the job does.
    @Test func aCheckpointOfTheSecondVersionIsRead() throws {
        try rewritten(checkpoint(steps: 3)) { metadata in
            metadata["format"] = "sqzd-checkpoint-2"
            metadata["recipe"] = """
                {"name":"tutorial","learningRate":0.003,"optimizer":{"adam":{"beta1":0.9,"beta2":0.999,"epsilon":1e-8}},\
                "usesDropout":true,"augmentation":{"padding":2,"flips":true}}
                """
        }
        let read = try #require(try newest { Issue.record("\($0): \($1)") })
        var expected = Recipe.tutorial
        expected.learningRate = 0.003
        expected.augmentation.padding = 2
        #expect(read.recipe == expected && read.state == checkpoint(steps: 3).state)
    }

    /// The checkpoint of a recipe that averages weights and has another optimizer.
    @Test func averagedWeightsComeBack() throws {
        var written = checkpoint(steps: 3)
        written.recipe = .strong
        written.recipe.averageDecay = 0.9
        written.state.slots = ["velocity": Weights(glorotUniformFor: network, seed: 300)]
        written.state.average = Weights(glorotUniformFor: network, seed: 400)
        try written.write(in: scratch.path)
        let read = try #require(try newest { Issue.record("\($0): \($1)") })
        #expect(read.state == written.state && read.recipe == written.recipe)
        // Without them it is none.
        var told: [String] = []
        try rewritten(checkpoint(steps: 3)) {
            $0["recipe"]?.replace("\"averageDecay\":0.0", with: "\"averageDecay\":0.5")
        }
        #expect(try newest { _, reason in told.append(reason) } == nil)
        #expect(told == ["it has no average"])
    }

    /// Writes a checkpoint whose metadata is another's, with a checksum that fits.
    private func rewritten(_ checkpoint: Checkpoint, _ change: (inout [String: String]) -> Void) throws {
        try checkpoint.write(in: scratch.path)
        let path = scratch["checkpoint-0000000003.safetensors"]
        let file = try SafetensorsFile(mapping: path)
        var metadata = file.metadata
        change(&metadata)
        let state = checkpoint.state
        let slots = checkpoint.recipe.optimizer.slots.map { ($0, state.slots[$0]!) }
        let parts = [("weights", state.weights)] + slots + (state.average.map { [("average", $0)] } ?? [])
        var hash = SHA256()
        let text = "\(state.steps) \(metadata["position"]!)\(metadata["ended"]!)\(metadata["recipe"]!)"
        hash.update(data: Array(text.utf8))
        for (_, part) in parts { part.withUnsafeBytes { hash.update(bufferPointer: $0) } }
        metadata["sha256"] = hash.finalize().map { String(Int($0) | 0x100, radix: 16).dropFirst() }.joined()
        let writer = try SafetensorsWriter(
            path: path,
            tensors: parts.map { TensorDeclaration(name: $0.0, type: .float32, shape: [network.parameterCount]) },
            metadata: metadata)
        for (name, part) in parts { try part.withUnsafeBytes { try writer.write($0, to: name) } }
        try writer.commit()
    }

    @Test func aCorruptCheckpointGivesWayToTheOneBefore() throws {
        for steps in [1, 2] { try checkpoint(steps: steps).write(in: scratch.path) }
        let name = "checkpoint-0000000002.safetensors"
        var bytes = try scratch.read(name)
        bytes[bytes.count - 5] ^= 1
        try scratch.write(name, bytes)
        var told: [String] = []
        #expect(try newest { name, reason in told.append("\(name): \(reason)") }?.state.steps == 1)
        #expect(told == ["\(name): its checksum does not fit"])
    }
}
