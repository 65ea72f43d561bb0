import ModelFiles
import Safetensors
import SqueezeNet
import TestSupport
import Testing

/// Where a model comes from, in its file: others write such files, and it goes on to whoever asks.
@Suite struct HistoryTests {
    private typealias Generation = History.Generation
    private let scratch: ScratchDirectory
    private let network: Network
    private let model: ModelFile

    init() throws {
        scratch = try ScratchDirectory()
        network = try Network(.squeezenetCIFAR, classes: 3, inputSize: 24)
        model = try ModelFile(
            network: network, preprocessing: try Preprocessing(size: 24), recipe: .tutorial, classes: ["a", "b", "c"],
            weights: Weights(glorotUniformFor: network, seed: 7)
        ).withSelfTest(threads: 1)
    }

    private func generation(_ name: String) -> Generation {
        var generation = Generation(version: "0.1.0")
        generation.dataset = name
        generation.pictures = 10
        generation.options = [.init(name: "batch-size", value: "20"), .init(name: "arch", value: "x")]
        generation.validationLoss = 0.1 + 0.2
        return generation
    }

    private func read(_ history: History?) throws -> ModelFile {
        var model = model
        model.history = history
        try model.write(to: scratch["m"])
        return try ModelFile(path: scratch["m"])
    }

    @Test func aHistoryComesBackAsItWasAndTheWeightsDoNotDependOnIt() throws {
        let history = try History(generation("tuned"), after: History(generation("base")))
        let read = try read(history)
        #expect(read.history == history && history.generations.map(\.dataset) == ["tuned", "base"])
        #expect(read.weights.sha256 == model.weights.sha256)
        #expect(try self.read(nil).history == nil)
    }

    @Test func theOldestOfManyGenerationsGo() throws {
        var history: History?
        for index in 0..<20 { history = try History(generation("\(index)"), after: history) }
        #expect(try read(history).history?.generations.compactMap(\.dataset) == (4..<20).reversed().map(String.init))
    }

    @Test func theOldestOfALongHistoryGo() throws {
        var history: History?
        for index in 0..<10 {
            var generation = generation("\(index)")
            generation.remarks = Array(repeating: String(repeating: "x", count: 512), count: 32)
            history = try History(generation, after: history)
        }
        // 16 KiB each, of 64.
        #expect(try read(history).history?.generations.compactMap(\.dataset) == ["9", "8", "7"])
    }

    @Test func textsAreCutAndDoNothingToATerminal() throws {
        var generation = generation("a\u{1B}[2Jb\n")
        generation.origin = String(repeating: "ä", count: 1_000)
        generation.remarks = (0..<100).map(String.init)
        let made = try #require(read(History(generation)).history?.generations.first)
        #expect(made.dataset == "a\u{FFFD}[2Jb\u{FFFD}" && made.origin == String(repeating: "ä", count: 256))
        #expect(made.remarks == (0..<32).map(String.init))
    }

    /// What a file says that sqzd did not write.
    @Test(arguments: [
        ("[]", "its history has 0 generations; right would be 1 to 16"),
        (
            "[\(Array(repeating: "{}", count: 17).joined(separator: ","))]",
            "its history has 17 generations; right would be 1 to 16"
        ),
        ("{}", "its history must be an array, is an object"),
        (#"[{},{"when":1}]"#, "its history[1].when is not known to this version"),
        (#"[{"dataset":3}]"#, "its history[0].dataset must be a string, is an integer"),
        (#"[{"dataset":"a\u0007"}]"#, "its history[0].dataset has a control character"),
        (#"[{"options":[{"name":"a","value":"\u009b"}]}]"#, "its history[0].options.value has a control character"),
        (#"[{"pictures":-1}]"#, "its history[0].pictures is -1; right would be 0 to 1000000000000"),
        (
            #"[{},{"epochs":9223372036854775807}]"#,
            "its history[1].epochs is 9223372036854775807; right would be 0 to 1000000000000"
        ),
        (
            #"[{"validated":1000000000001}]"#,
            "its history[0].validated is 1000000000001; right would be 0 to 1000000000000"
        ),
        (#"[{"seed":-1}]"#, "its history[0].seed is -1; right would be 0 or more"),
        (#"[{"loss":-0.5}]"#, "its history[0].loss is -0.5; right would be 0 or more"),
        (#"[{},{"validationLoss":-1}]"#, "its history[1].validationLoss is -1.0; right would be 0 or more"),
        (
            #"[{"options":[{"name":"a","value":"1"},{"name":"b","value":"1"},{"name":"a","value":"2"}]}]"#,
            "its history[0].options[2].name is a, which stands there before"
        ),
        (#"[{},{"accuracy":1.5}]"#, "its history[1].accuracy is 1.5; right would be 0 to 1"),
        (
            #"[{"origin":"\#(String(repeating: "x", count: 513))"}]"#,
            "its history[0].origin has 513 bytes; at most 512 are taken"
        ),
        (
            "[{\"remarks\":[\(Array(repeating: "\"\"", count: 33).joined(separator: ","))]}]",
            "its history[0].remarks has 33 elements; at most 32 are taken"
        ),
        (
            #"["\#(String(repeating: "x", count: 70_000))"]"#,
            "its history has 70004 bytes; at most 65536 are taken"
        ),
    ]) func whatCanBeNoHistoryIsRefused(_ history: String, _ told: String) throws {
        func write(_ history: String) throws {
            let writer = try SafetensorsWriter(
                path: scratch["m"],
                tensors: network.parameters.map { TensorDeclaration(name: $0.name, type: .float32, shape: $0.shape) },
                metadata: [
                    "format": "sqzd-model-3", "architecture": "squeezenet-cifar", "bypass": "none",
                    "classes": #"["a","b","c"]"#,
                    "preprocessing": #"{"size":24,"fit":{"window":{}},"normalization":{"perImage":{}}}"#,
                    "history": history, "selfTest": #"{"pictures":[{"seed":1,"logits":[1,2,3]}]}"#,
                ])
            for parameter in network.parameters {
                try model.weights.values[parameter.offset..<parameter.offset + parameter.count].withUnsafeBytes {
                    try writer.write($0, to: parameter.name)
                }
            }
            try writer.commit()
        }
        try write("[{}]")
        #expect(try ModelFile(path: scratch["m"]).history?.generations == [Generation(version: nil)])
        try write(history)
        let error = try #require(throws: ModelFileError.self) { try ModelFile(path: scratch["m"]) }
        #expect(error.description == told)
    }
}
