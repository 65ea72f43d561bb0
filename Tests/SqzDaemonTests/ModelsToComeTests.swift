import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Jobs that use a model which another job is to make.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon(runners: [
            .squeezenet, .countdown, .python("maker", describe: "offer('barren', classifies=True)"),
        ])
        try daemon.importColours()
        return daemon
    }) struct ModelsToComeTests
{
    private typealias Submit = JobsInterface.Submit
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private static let quick: [String: JSONValue] = ["epochs": .integer(1), "batch-size": .integer(20)]

    private func training(_ model: String, seed: Int64 = 1, after: [Dependency]? = nil) throws -> Int {
        try daemon.submit(
            .init(
                kind: "train", options: Self.quick.merging(["seed": .integer(seed)]) { $1 }, dataset: "colours",
                model: model, after: after))
    }

    private func evaluation(
        _ model: String?, after: Int..., condition: DependencyCondition = .success
    ) -> Submit.Parameters {
        .init(
            kind: "evaluate", dataset: "colours", model: model,
            after: after.map { Dependency(job: $0, condition: condition) })
    }

    @Test func whatATrainingMakesIsEvaluatedAfterIt() throws {
        let blocker = try daemon.block()
        let first = try training("coming", seed: 1)
        let second = try training("coming", seed: 2)
        let ofSecond = try daemon.submit(evaluation("coming", after: second))
        let ofFirst = try daemon.submit(evaluation("coming", after: first))
        let ofBoth = try daemon.submit(evaluation("coming", after: first, second))
        #expect(try daemon.job(ofFirst).model == "coming")
        #expect(try daemon.job(ofFirst).reason == "waits for job \(first)")
        try daemon.cancel(blocker)
        let ends = try [first, second, ofFirst, ofSecond, ofBoth].map { try daemon.end(of: $0) }
        #expect(ends.allSatisfy { $0.state == .succeeded }, "\(ends.map(\.reason))")
        // Each what its job made, not the newest.
        #expect(ends.map(\.model) == ["coming", "coming", "coming@1", "coming@2", "coming@2"])
        #expect(ends[2].outcome?.loss == ends[0].outcome?.loss && ends[3].outcome?.loss == ends[1].outcome?.loss)
        #expect(ends[2].outcome?.loss != ends[3].outcome?.loss)
        // Asked for later, it is the same.
        let later = try daemon.submit(evaluation("coming", after: first))
        #expect(try daemon.job(later).model == "coming@1")
        // Without the job, or where it need not succeed, the newest.
        for parameters in [evaluation("coming"), evaluation("coming", after: first, condition: .any)] {
            #expect(try daemon.job(daemon.submit(parameters)).model == "coming@2")
        }
    }

    @Test func ofAJobThatFailsNothingIsEvaluated() throws {
        let blocker = try daemon.block()
        let id = try training("never")
        let waiting = try daemon.submit(evaluation("never", after: id))
        try daemon.cancel(id)
        let job = try daemon.end(of: waiting)
        #expect(job.state == .cancelled && job.reason == "job \(id), which it waited for, was cancelled")
        let reason = try daemon.expectInvalid("after", from: Submit.self, evaluation("never", after: id))
        #expect(reason == "job \(id) was cancelled already, so this one would never run")
        // Both again, in the order in which that is possible.
        try daemon.expectInvalid("after", from: JobsInterface.Retry.self, .init(id: waiting))
        try daemon.call(JobsInterface.Retry.self, .init(id: id))
        try daemon.call(JobsInterface.Retry.self, .init(id: waiting))
        try daemon.cancel(blocker)
        let again = try daemon.end(of: waiting)
        #expect(again.state == .succeeded && again.model == "never@1")
    }

    @Test func whoeverForgetsTheJobIsToldWhichItIs() throws {
        let blocker = try daemon.block()
        let ids = try [training("later"), training("later")]
        for (parameters, model): (Submit.Parameters, String) in [
            (evaluation("later"), "later"), (evaluation("later", after: blocker), "later"),
            (evaluation("later", after: ids[0], condition: .any), "later"),
        ] {
            guard
                case .noSuchModel(model, _, ids?)? = try daemon.error(of: Submit.self, parameters).flatMap({
                    SqzError($0)
                })
            else {
                Issue.record("\(String(describing: try daemon.error(of: Submit.self, parameters)))")
                continue
            }
        }
        // A version can't be foreseen.
        let error = try daemon.error(of: Submit.self, evaluation("later@1", after: ids[0])).flatMap { SqzError($0) }
        guard case .noSuchModel("later@1", _, nil)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        for id in ids + [blocker] { try daemon.cancel(id) }
    }

    @Test func theClassesAreThoseOfTheDataSetThatItIsTrainedOn() throws {
        let bytes = [UInt8(0), 1].flatMap { [$0] + [UInt8](repeating: $0, count: 3_072) }
        let path = try daemon.scratch.write("data/pets/data_batch_1.bin", bytes)
        _ = try daemon.call(
            DatasetsInterface.Import.self, .init(name: "pets", path: path, classes: ["cat", "dog"]))
        let blocker = try daemon.block()
        let id = try training("tens")
        var parameters = evaluation("tens", after: id)
        parameters.dataset = "pets"
        #expect(
            try daemon.expectInvalid("dataset", from: Submit.self, parameters)
                == "pets does not fit what job \(id) is to make: it has 2 classes, the model was trained for 10")
        for job in [id, blocker] { try daemon.cancel(job) }
    }

    @Test func aJobThatSucceedsAndMakesNothing() throws {
        let blocker = try daemon.block()
        let id = try daemon.submit(.init(kind: "barren", model: "nothing"))
        let waiting = try daemon.submit(evaluation("nothing", after: id))
        try daemon.cancel(blocker)
        let job = try daemon.end(of: waiting)
        #expect(job.state == .cancelled)
        #expect(job.reason == "job \(id), which was to make its model, made none")
        for reason in [
            try daemon.expectInvalid("model", from: JobsInterface.Retry.self, .init(id: waiting)),
            try daemon.expectInvalid("model", from: Submit.self, evaluation("nothing", after: id)),
        ] { #expect(reason == "job \(id) has succeeded and made none") }
    }
}

/// The same, with a daemon that is killed.
@Suite struct ModelsToComeCrashTests {
    @Test func whatIsToComeSurvivesACrash() throws {
        let daemon = try TestDaemon()
        try daemon.importColours()
        let blocker = try daemon.block()
        func submit(_ kind: String, _ options: [String: JSONValue] = [:], after: Int? = nil) throws -> Int {
            try daemon.submit(
                .init(
                    kind: kind, options: options, model: "m",
                    after: after.map { [Dependency(job: $0, condition: .success)] }))
        }
        let options: [String: JSONValue] = ["epochs": .integer(12), "batch-size": .integer(20)]
        let training = try submit("train", options)
        let other = try submit("train", ["epochs": .integer(1), "seed": .integer(5)])
        let evaluation = try submit("evaluate", after: training)
        let late = try submit("evaluate", after: other)
        daemon.kill()
        try daemon.start()
        #expect(try daemon.job(evaluation).model == "m")
        try daemon.cancel(blocker)
        // In the middle of the training, and when it has ended.
        try daemon.watch(training) { $0.kind == .epoch ? .stop : .more }
        daemon.kill()
        try daemon.start()
        let trained = try daemon.end(of: training)
        daemon.kill()
        try daemon.start()
        let evaluated = try daemon.end(of: evaluation)
        #expect(evaluated.state == .succeeded && evaluated.model == trained.outcome?.model)
        #expect(evaluated.outcome?.loss == trained.outcome?.loss)
        let last = try daemon.end(of: late)
        #expect(try last.state == .succeeded && last.model == daemon.job(other).outcome?.model)
        #expect(last.model != evaluated.model)
        try daemon.stop()
    }
}
