import Datasets
import Foundation
import ModelFiles
import SqueezeNet
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Recipes as options name and change them, and what becomes of them in the model.
@Suite struct RecipeTests {
    private let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
        let file = try scratch.write("in/data_batch_1.bin", Colours.records(120, seed: 1).flatMap { $0 })
        _ = try DatasetImport.run(
            files: [.init(name: "data_batch_1.bin", path: file)], classes: Colours.classes, output: scratch["data"]
        ) { _ in }
    }

    /// What a training came to; nil if it was stopped or killed.
    private func train(
        _ name: String, _ options: [String: JSONValue], tuning model: String? = nil, threads: Int = 2,
        interrupt: (SqzProtocol.Progress) -> RunnerProcess.Interruption? = { _ in nil }
    ) throws -> (model: ModelFile, result: RunResult)? {
        try FileManager.default.createDirectory(atPath: scratch[name], withIntermediateDirectories: true)
        let runner = try RunnerProcess()
        defer { runner.end() }
        var result: RunResult?
        let all: [String: JSONValue] = [
            "epochs": .integer(3), "batch-size": .integer(10), "threads": .integer(Int64(threads)),
        ]
        do {
            try runner.client.stream(
                RunnerInterface.Run.self,
                .init(
                    id: 1, kind: "train", options: all.merging(options) { $1 }, dataset: scratch["data"],
                    model: model.map { scratch[$0] + "/model.safetensors" }, directory: scratch[name])
            ) { reply in
                result = reply.result ?? result
                if let progress = reply.progress, let interruption = interrupt(progress) {
                    try runner.interrupt(interruption)
                }
                return .more
            }
        } catch ConnectionError.closed {
            return nil
        }
        return try result.map { (try ModelFile(path: scratch[name] + "/model.safetensors"), $0) }
    }

    private func kind() throws -> JobKind {
        let runner = try RunnerProcess()
        defer { runner.end() }
        let kinds = try runner.client.call(RunnerInterface.Describe.self, NoParameters()).kinds
        return try #require(kinds.first { $0.name == "train" })
    }

    private static func value(_ text: String, of option: JobOption) throws -> JSONValue {
        switch option.type {
        case .integer: .integer(try #require(Int64(text)))
        case .number: .number(try #require(Double(text)))
        case .text, .model: .string(text)
        case .flag: .bool(text == "true")
        }
    }

    /// What is shown of a recipe is the recipe: its options without its name make the same model.
    @Test(arguments: Recipe.Name.allCases) func aRecipeIsWhatItsOptionsSay(_ name: Recipe.Name) throws {
        let kind = try kind()
        let preset = try #require(kind.presets?.first { $0.option == "recipe" && $0.value == name.rawValue })
        var options: [String: JSONValue] = [:]
        for (option, text) in preset.defaults {
            options[option] = try Self.value(text, of: #require(kind.options.first { $0.name == option }))
        }
        options["epochs"] = nil
        options["batch-size"] = nil
        let other: Recipe.Name = name == .tutorial ? .strong : .tutorial
        options["recipe"] = .string(other.rawValue)
        // What pads is said of pictures that are not resized only.
        options["pad"] = .integer(name == .tutorial ? 4 : 2)
        let spelt = try #require(try train("spelt", options)).model
        let named = try #require(try train("named", ["recipe": .string(name.rawValue)])).model
        #expect(spelt.weights == named.weights)
        var some = try #require(spelt.recipe)
        let others = try #require(named.recipe)
        some.name = others.name
        #expect(some == others && others.epochs == 3 && others.batchSize == 10)
        // And by itself it has its own numbers.
        #expect(preset.defaults["epochs"] == String(Recipe(name).epochs))
    }

    /// All that a recipe may keep: momentum, averaged weights, a schedule; no ReLU.
    private static let full: [String: JSONValue] = [
        "recipe": .string("strong"), "ema": .number(0.9), "cutout": .integer(8), "dropout": .bool(true),
    ]

    @Test func theBitsAreTheSameHoweverItWasInterrupted() throws {
        let undisturbed = try #require(try train("undisturbed", Self.full)).model
        let alone = try #require(try train("alone", Self.full, threads: 1)).model
        #expect(alone.weights == undisturbed.weights)
        #expect(try train("stopped", Self.full) { $0.epoch == 1 ? .stop : nil } == nil)
        #expect(try #require(try train("stopped", Self.full)).model.weights == undisturbed.weights)
        #expect(try train("killed", Self.full) { $0.epoch == 3 ? .kill : nil } == nil)
        // The checkpoint's recipe counts, whatever the options say by now, also for how long it goes on.
        let rest = try #require(try train("killed", ["epochs": .integer(2)], threads: 3))
        #expect(rest.model.weights == undisturbed.weights && rest.model.recipe == undisturbed.recipe)
    }

    /// The registered network, which has its ReLU, finds what the training's last validation did; its model says by how much it was
    /// lifted.
    @Test(arguments: [nil, "features", "2"]) func whatIsRegisteredIsWhatWasValidated(_ frozen: String?) throws {
        var options = Self.full
        if let frozen {
            _ = try #require(try train("base", ["epochs": .integer(1), "recipe": .string("tutorial")]))
            options["freeze"] = .string(frozen)
        }
        let (model, result) = try #require(try train("made", options, tuning: frozen.map { _ in "base" }))
        let lift = try #require(model.training?.lift)
        #expect(lift > 0 && result.model?.preprocessing.hasSuffix("; logits lifted by \(lift)") == true)
        #expect(model.recipe?.rectifiesScores == false && model.recipe?.averageDecay == 0.9)

        try FileManager.default.createDirectory(atPath: scratch["measured"], withIntermediateDirectories: true)
        let runner = try RunnerProcess()
        defer { runner.end() }
        var measured: RunResult?
        try runner.client.stream(
            RunnerInterface.Run.self,
            .init(
                id: 2, kind: "evaluate", options: ["split": .string("validation")], dataset: scratch["data"],
                model: scratch["made"] + "/model.safetensors", directory: scratch["measured"])
        ) { reply in
            measured = reply.result ?? measured
            return .more
        }
        #expect(measured?.accuracy == result.accuracy)
        let (found, told) = (try #require(measured?.loss), try #require(result.loss))
        #expect(abs(found - told) < 1e-5 * told)
    }

    @Test func whatDoesNotGoTogetherIsRefused() throws {
        let kind = try kind()
        func refusal(_ options: [String: JSONValue], tuning: Bool = false) -> String? {
            do {
                try kind.check(options, tuning: tuning)
                return nil
            } catch { return "\(error)" }
        }
        let (sgd, adam, adamw) = (JSONValue.string("sgd"), JSONValue.string("adam"), JSONValue.string("adamw"))
        let (strong, tutorial) = (JSONValue.string("strong"), JSONValue.string("tutorial"))
        let some = JSONValue.number(0.5)
        for (options, words) in [
            (["momentum": some, "recipe": tutorial], "must be at most 0 with optimizer adam, is 0.5"),
            (["momentum": some, "optimizer": adamw], "with optimizer adamw"),
            (["momentum": some, "optimizer": adam, "recipe": strong], "with optimizer adam"),
            (["weight-decay": some, "recipe": tutorial], "with optimizer adam"),
            (["pad": .integer(2), "crop": .string("resized")], "with crop resized"),
        ] as [([String: JSONValue], String)] {
            let found = refusal(options)
            #expect(found?.contains(words) == true, "\(options): \(found ?? "taken")")
        }
        // Where a model is tuned the default is another.
        #expect(refusal(["momentum": some], tuning: true)?.contains("with optimizer adam") == true)
        #expect(refusal(["bypass": .string("simple")], tuning: true)?.contains("comes with the model") == true)
        #expect(refusal(["views": .integer(2)])?.contains("of a model that is tuned") == true)
        for options in [
            [:], ["recipe": strong], ["momentum": some], ["momentum": some, "optimizer": sgd],
            ["weight-decay": some, "optimizer": adamw], ["optimizer": adam, "recipe": strong], ["pad": .integer(2)],
        ] as [[String: JSONValue]] {
            #expect(refusal(options) == nil, "\(options)")
        }
    }

    /// An optimizer that is not the recipe's has its own usual numbers.
    @Test func anotherOptimizerHasItsUsualNumbers() throws {
        let one: [String: JSONValue] = ["epochs": .integer(1), "learning-rate": .number(1e-3)]
        func optimizer(_ name: String, _ options: [String: JSONValue]) throws -> Optimizer? {
            try train(name, one.merging(options) { $1 })?.model.recipe?.optimizer
        }
        #expect(
            try optimizer("a", ["recipe": .string("tutorial"), "optimizer": .string("sgd")])
                == .sgd(momentum: 0.9, weightDecay: 5e-4))
        #expect(try optimizer("b", ["optimizer": .string("adam")]) == Recipe.tutorial.optimizer)
        #expect(
            try optimizer("c", ["optimizer": .string("adamw"), "weight-decay": .number(0.25)])
                == .adamW(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.25))
    }
}
