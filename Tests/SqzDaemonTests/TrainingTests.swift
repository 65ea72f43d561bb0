import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Training, evaluating and predicting on real, if tiny, data.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }) struct TrainingTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func aTrainingTellsOfEachEpochAndMakesAModel() throws {
        let id = try daemon.submit(
            .init(
                kind: "train", options: ["epochs": .integer(3), "batch-size": .integer(20), "seed": .integer(7)],
                dataset: "colours", model: "first"))
        let events = try daemon.events(of: id)
        let kept = events.filter { $0.sequence != nil }
        #expect(kept.map(\.sequence) == [1, 2, 3, 4, 5, 6])
        #expect(kept.map(\.state) == [.queued, .running, nil, nil, nil, .succeeded])
        #expect(kept.compactMap { $0.progress?.epoch } == [1, 2, 3])
        for progress in kept.compactMap(\.progress) {
            #expect(progress.epochs == 3 && progress.step == 10 && progress.steps == 10)
            #expect(try #require(progress.loss) > 0 && #require(progress.validationLoss) > 0)
            #expect(try (0...1).contains(#require(progress.accuracy)))
            #expect(try (0...1).contains(#require(progress.validationAccuracy)))
        }
        let outcome = try #require(kept.last?.outcome)
        #expect(outcome.model == "first@1" && outcome.images == 600)

        let job = try daemon.job(id)
        #expect(job.state == .succeeded && job.outcome == outcome && job.model == "first")
        #expect(job.kind == "train" && job.runner == "squeezenet" && job.dataset == "colours" && job.starts == 1)
        #expect(job.uid == Int(geteuid()) && job.options["seed"] == .integer(7))
        #expect(try #require(job.startedAt) >= job.submittedAt && #require(job.endedAt) >= #require(job.startedAt))
        let lines = try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines
        #expect(lines.first?.contains("squeezenet-cifar, 146570 parameters, 200 pictures to train") == true)

        let shown = try daemon.call(ModelsInterface.Show.self, .init(model: "first@1"))
        let model = shown.model
        #expect(model.name == "first" && model.version == 1 && model.job == id && model.dataset == "colours")
        #expect(model.architecture == "squeezenet-cifar" && model.classes == Colours.classes)
        #expect(model.loss == outcome.loss && model.accuracy == outcome.accuracy)
        #expect(model.parameters == 146_570)
        #expect(model.parameters == shown.layers.reduce(0) { $0 + $1.parameters })
        #expect(model.multiplyAdds == shown.layers.reduce(0) { $0 + $1.multiplyAdds })
        #expect(try Checksum.sha256(ofFile: "\(daemon.state)/blobs/\(model.sha256)") == model.sha256)

        let history = try #require(shown.history)
        let made = try #require(history.first)
        #expect(history.count == 1 && made.version == Version.current && made.base == nil && made.format == nil)
        let dataset = try daemon.call(DatasetsInterface.Show.self, .init(dataset: "colours")).dataset
        #expect(made.dataset == "colours" && made.datasetSha256 == dataset.sha256)
        #expect(made.pictures == 200 && made.epochs == 3 && made.seed == 7)
        let last = try #require(kept.last { $0.progress != nil }?.progress)
        #expect(made.loss == last.loss && made.accuracy == last.accuracy)
        #expect(made.validationLoss == last.validationLoss && made.validationAccuracy == last.validationAccuracy)
        let options = try #require(made.options)
        #expect(options["batch-size"] == "20" && options["learning-rate"] == "0.1" && options["threads"] == nil)
        #expect(options["arch"] == "squeezenet-cifar" && options["freeze"] == nil)
        #expect(
            shown.layers.map { [$0.kernel, $0.stride, $0.padding] }.prefix(5)
                == [[3, 1, 1], [2, 2, 0], [1, 1, 0], [1, 1, 0], [3, 1, 1]])
        let others = shown.layers.filter { !["convolution", "maxPool"].contains($0.kind) }
        #expect(others.count == 2 && others.allSatisfy { $0.kernel == nil && $0.padding == nil })
    }

    @Test func aNameGetsVersionsAndASeedGivesWeights() throws {
        func train(seed: Int64) throws -> Model {
            let job = try daemon.train(as: "versions", options: ["seed": .integer(seed)])
            let name = try #require(job.outcome?.model)
            return try daemon.call(ModelsInterface.Show.self, .init(model: name)).model
        }
        let first = try train(seed: 1)
        let second = try train(seed: 1)
        let third = try train(seed: 2)
        #expect([first, second, third].map(\.version) == [1, 2, 3])
        #expect(first.sha256 == second.sha256 && second.weightsSha256 != third.weightsSha256)
        #expect(try daemon.call(ModelsInterface.Show.self, .init(model: "versions")).model == third)
        let listed = try daemon.call(ModelsInterface.List.self, NoParameters()).models
        let ours = listed.filter { $0.name == "versions" }
        #expect(ours.map(\.sha256) == [third, second, first].map(\.sha256) && ours.first == third)
        #expect(ours.map(\.promoted) == [true, false, false])
        for name in ["versions@4", "versions@0", "versions@", "versions@x", "@1", "nothing", ""] {
            let error = try daemon.error(of: ModelsInterface.Show.self, .init(model: name)).flatMap { SqzError($0) }
            guard case .noSuchModel(name, let known, nil, nil, nil, nil, nil)? = error else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
            #expect(
                ["versions@4", "versions@x"].contains(name)
                    ? known == ["versions@3", "versions@2", "versions@1"] : known.contains("versions"))
        }
    }

    @Test func evaluationPredictionsAndClassifyAgree() throws {
        _ = try daemon.train(as: "judged", options: ["epochs": .integer(2)])
        let prediction = try daemon.end(
            of: daemon.submit(.init(kind: "predict", options: ["top": .integer(3)], model: "judged")))
        let evaluation = try daemon.end(of: daemon.submit(.init(kind: "evaluate", model: "judged@1")))
        #expect(prediction.model == "judged@1" && evaluation.model == "judged@1")
        #expect(prediction.outcome?.predictions == 40 && evaluation.outcome?.images == 40)

        let predictions = try daemon.call(JobsInterface.Predictions.self, .init(id: prediction.id)).predictions
        #expect(predictions.map(\.picture) == Array(0..<40))
        #expect(predictions.map(\.label) == (0..<40).map { $0 % 10 })
        #expect(predictions.allSatisfy { $0.classes.count == 3 })
        let right = predictions.count { $0.classes[0].index == $0.label }
        #expect(evaluation.outcome?.accuracy == Double(right) / 40)
        #expect(prediction.outcome?.accuracy == evaluation.outcome?.accuracy)

        let images = Colours.records(40, seed: 2).map { Data($0).base64EncodedString() }
        let classified = try daemon.call(
            InferenceInterface.Classify.self, .init(images: images, model: "judged", top: 3))
        #expect(classified.results.map(\.label) == predictions.map(\.label))
        #expect(classified.results.map { $0.classes[0].index } == predictions.map { $0.classes[0].index })
    }

    @Test func predictionsAreReadInPages() throws {
        _ = try daemon.train(as: "paged")
        let id = try daemon.submit(.init(kind: "predict", model: "paged"))
        try daemon.end(of: id)
        typealias Predictions = JobsInterface.Predictions
        let all = try daemon.call(Predictions.self, .init(id: id)).predictions
        #expect(all.count == 40)
        #expect(
            try daemon.call(Predictions.self, .init(id: id, first: 10, limit: 7)).predictions == Array(all[10..<17]))
        #expect(try daemon.call(Predictions.self, .init(id: id, first: 38)).predictions == Array(all[38...]))
        #expect(try daemon.call(Predictions.self, .init(id: id, first: 40)).predictions == [])
        for limit in [7, 10, 40, 1_000] {
            let pages = try daemon.stream(Predictions.self, .init(id: id, limit: limit)).map(\.predictions)
            #expect(pages.flatMap { $0 } == all)
            #expect(pages.allSatisfy { $0.count <= limit })
            #expect(pages.count == (40 + limit - 1) / limit)
        }
    }

    @Test func whatCannotBeMeantIsRefused() throws {
        typealias Submit = JobsInterface.Submit
        try daemon.expect(
            .noSuchKind(
                kind: "dance",
                kinds: ["countdown", "train", "evaluate", "predict", "quantize", "compress", "calibrate"]),
            from: Submit.self,
            .init(kind: "dance"))
        try daemon.expect(
            .noSuchDataset(dataset: "nothing", known: ["colours"]), from: Submit.self,
            .init(kind: "train", dataset: "nothing"))
        let error = try daemon.error(of: Submit.self, .init(kind: "evaluate", model: "nothing"))
        #expect(error?.name == "io.sqzd.Jobs.NoSuchModel" || error?.name == "io.sqzd.Jobs.NoModels")
        let cases: [(String, JSONValue, String)] = [
            ("epochs", .integer(-1), "at least 1, is -1"), ("epochs", .integer(0), "at least 1"),
            ("epochs", .integer(100_001), "at most 100000"), ("epochs", .number(1.5), "an integer"),
            ("epochs", .string("3"), "an integer"), ("learning-rate", .bool(true), "a number"),
            ("learning-rate", .number(11), "at most 10"), ("arch", .string("resnet"), "squeezenet-cifar"),
            ("arch", .integer(1), "a string"), ("colour", .integer(1), "no such option"),
            ("pad", .integer(17), "at most 16"), ("seed", .integer(-1), "at least 0"),
            ("momentum", .number(0.9), "must be at most 0 with optimizer adam, is 0.9"),
            ("weight-decay", .number(0.1), "at most 0 with optimizer adam"), ("warm-up", .number(1), "at most 0.9"),
            ("optimizer", .string("lion"), "one of adam, adamw, sgd"), ("ema", .number(1), "at most 0.99999"),
        ]
        for (option, value, words) in cases {
            let reason = try daemon.expectInvalid(
                option, from: Submit.self,
                .init(kind: "train", options: [option: value, "recipe": .string("tutorial")]))
            #expect(reason.contains(words), "\(option): \(reason)")
        }
        try daemon.expectInvalid("dataset", from: Submit.self, .init(kind: "countdown", dataset: "colours"))
        try daemon.expectInvalid("model", from: Submit.self, .init(kind: "countdown", model: "m"))
    }

    @Test func whereThereAreSeveralDatasetsOneMustBeNamed() throws {
        // colours is the only one: taken without being named.
        let blocker = try daemon.block()
        let id = try daemon.submit(.init(kind: "train", options: ["epochs": .integer(1)]))
        #expect(try daemon.job(id).dataset == "colours" && daemon.job(id).model == "colours")
        try daemon.cancel(id)
        try daemon.cancel(blocker)
        try daemon.importColours(as: "more", seed: 50)
        let reason = try daemon.expectInvalid("dataset", from: JobsInterface.Submit.self, .init(kind: "train"))
        #expect(reason == "say which: colours, more")
        try daemon.call(DatasetsInterface.Remove.self, .init(dataset: "more"))
    }

    @Test func aDivergedTrainingFailsAndSaysWhere() throws {
        let job = try daemon.train(
            as: "diverged", options: ["learning-rate": .number(10), "epochs": .integer(50)])
        #expect(job.state == .failed)
        #expect(job.reason?.contains("no longer finite") == true, "\(job.reason ?? "")")
        let error = try daemon.error(of: ModelsInterface.Show.self, .init(model: "diverged"))
        #expect(error?.name == "io.sqzd.Models.NoSuchModel")
    }
}
