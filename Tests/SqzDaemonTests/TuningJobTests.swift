import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Jobs that begin with a model, through the daemon.
@Suite(.serialized, .daemon(trained: "base")) struct TuningJobTests {
    private typealias Submit = JobsInterface.Submit
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private static let options: [String: JSONValue] = [
        "freeze": .string("features"), "epochs": .integer(1), "batch-size": .integer(20),
    ]

    @Test func theBaseIsSettledWhenTheJobIsSubmittedAndStaysWhileItWaits() throws {
        let id = try daemon.submit(
            .init(kind: "train", options: Self.options, dataset: "colours", model: "tuned", hold: true, base: "base"))
        #expect(try daemon.job(id).base == "base@1")
        let error = try daemon.error(of: ModelsInterface.Remove.self, .init(model: "base@1")).flatMap { SqzError($0) }
        guard case .modelInUse(_, let jobs)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(jobs == [id])
        _ = try daemon.call(JobsInterface.Resume.self, .init(id: id))
        let job = try daemon.end(of: id)
        #expect(job.state == .succeeded && job.outcome?.model == "tuned@1", "\(job.reason ?? "")")
        func sha256(_ model: String) throws -> String {
            try daemon.call(ModelsInterface.Show.self, .init(model: model)).model.weightsSha256
        }
        #expect(try sha256("tuned@1") != sha256("base@1"))

        let history = try #require(daemon.call(ModelsInterface.Show.self, .init(model: "tuned@1")).history)
        let before = try #require(daemon.call(ModelsInterface.Show.self, .init(model: "base@1")).history)
        #expect(history.count == 2 && Array(history.dropFirst()) == before)
        #expect(try history[0].base == "base@1" && history[0].baseWeightsSha256 == sha256("base@1"))
        #expect(history[0].options?["freeze"] == "features" && history[0].options?["arch"] == nil)
    }

    @Test func whatDoesNotGoTogetherIsRefused() throws {
        for (option, value, base, told) in [
            ("freeze", .string("features"), nil, "is of a model that is tuned, and none is named as base (--from)"),
            ("views", .integer(2), nil, "is of a model that is tuned"),
            ("arch", .string("squeezenet-cifar"), "base", "comes with the model that is tuned"),
            ("freeze", .string("9"), "base", "must be one of none, features, 1"),
        ] as [(String, JSONValue, String?, String)] {
            let reason = try daemon.expectInvalid(
                option, from: Submit.self, .init(kind: "train", options: [option: value], base: base))
            #expect(reason.hasPrefix(told), "\(reason)")
        }
        let reason = try daemon.expectInvalid(
            "base", from: Submit.self, .init(kind: "evaluate", dataset: "colours", base: "base"))
        #expect(reason == "evaluate tunes no model")
        let error = try daemon.error(of: Submit.self, .init(kind: "train", dataset: "colours", base: "nobody"))
        guard case .noSuchModel(let model, _, _, _, _, _, _)? = error.flatMap({ SqzError($0) }) else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(model == "nobody")
    }
}
