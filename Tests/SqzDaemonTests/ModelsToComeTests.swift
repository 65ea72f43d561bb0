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

    /// Whose scores are not lifted: what validated is the model's own.
    private static let quick: [String: JSONValue] = [
        "recipe": .string("tutorial"), "epochs": .integer(1), "batch-size": .integer(20),
    ]

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

    /// A name without a version is what the last job makes that is to make one; with one, it is that, and the reply says who makes
    /// others.
    @Test func aNameWithoutAVersionWaitsForTheLastJobThatMakesIt() throws {
        let blocker = try daemon.block()
        let ids = try [training("soon", seed: 1), training("soon", seed: 2)]
        let waiting = try daemon.call(Submit.self, evaluation("soon"))
        #expect(waiting.model == "soon" && waiting.maker == ids[1] && waiting.makers == [ids[0]])
        let job = try daemon.job(waiting.id)
        #expect(job.after == [Dependency(job: ids[1], condition: .success)] && job.model == "soon")
        let other = try daemon.call(Submit.self, evaluation("soon", after: blocker, condition: .any))
        #expect(try daemon.job(other.id).after.map(\.job) == [blocker, ids[1]])
        // What is waited for however it ends need not make it: the one before is to.
        let before = try daemon.call(Submit.self, evaluation("soon", after: ids[1], condition: .any))
        #expect(before.maker == ids[0] && before.makers == [ids[1]])
        try daemon.cancel(blocker)
        let ends = try [waiting, other, before].map { try daemon.end(of: $0.id) }
        #expect(ends.map(\.state) == [.succeeded, .succeeded, .succeeded], "\(ends.map(\.reason))")
        #expect(ends.map(\.model) == ["soon@2", "soon@2", "soon@1"])

        let again = try daemon.block()
        let third = try training("soon", seed: 3)
        let present = try daemon.call(Submit.self, evaluation("soon"))
        #expect(present.model == "soon@2" && present.maker == nil && present.makers == [third])
        #expect(try daemon.job(present.id).after.isEmpty)
        for id in [third, present.id, again] { try daemon.cancel(id) }
    }

    @Test func whoeverCantWaitForTheJobIsToldWhichItIs() throws {
        let blocker = try daemon.block()
        let ids = [try training("later")]
        let parameters = evaluation("later", after: ids[0], condition: .any)
        let refusal = try daemon.error(of: Submit.self, parameters).flatMap { SqzError($0) }
        guard case .noSuchModel("later", _, ids?, _, _, _, _)? = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        // A version can't be foreseen.
        let error = try daemon.error(of: Submit.self, evaluation("later@1", after: ids[0])).flatMap { SqzError($0) }
        guard case .noSuchModel("later@1", _, nil, nil, nil, nil, nil)? = error else {
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
                == """
                pets does not fit what job \(id) is to make: it has 2 classes, the model was trained for 10; only it has cat, \
                dog; only the model has red, green, blue, yellow, cyan, …
                """)
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
        // The tutorial's scores are not lifted: what validated is the model's own.
        func train(epochs: Int64, seed: Int64) throws -> Int {
            try submit(
                "train",
                [
                    "recipe": .string("tutorial"), "epochs": .integer(epochs), "batch-size": .integer(20),
                    "seed": .integer(seed),
                ])
        }
        func submit(_ kind: String, _ options: [String: JSONValue] = [:], after: Int? = nil) throws -> Int {
            try daemon.submit(
                .init(
                    kind: kind, options: options, model: "m",
                    after: after.map { [Dependency(job: $0, condition: .success)] }))
        }
        let training = try train(epochs: 12, seed: 1)
        let other = try train(epochs: 1, seed: 5)
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
