import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A training that came to nothing: the job succeeds, whoever looks is warned, and nobody gets its model unasked.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }) struct WarningTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func classify(_ model: String? = nil) throws -> String {
        let image = Data(Colours.records(1, seed: 3)[0]).base64EncodedString()
        return try daemon.call(InferenceInterface.Classify.self, .init(images: [image], model: model)).model
    }

    @Test func aDeadNetworkIsNoDefault() throws {
        let dead: [String: JSONValue] = ["recipe": .string("tutorial"), "learning-rate": .number(1)]
        let id = try daemon.submit(
            .init(
                kind: "train", options: dead.merging(["epochs": .integer(2), "batch-size": .integer(20)]) { $1 },
                dataset: "colours", model: "dead"))
        let events = try daemon.events(of: id)
        let end = try #require(events.last)
        let warning = try #require(end.outcome?.warning)
        #expect(end.state == .succeeded && warning.hasPrefix("no better than chance: "))
        #expect(events.compactMap(\.progress).last?.warning == warning)
        #expect(try daemon.job(id).outcome?.warning == warning)
        let report = daemon.reports.first {
            $0.contains("SQZ_JOB=\(id) ") && $0.contains("SQZ_EVENT=succeeded") && $0.contains("SQZ_WARNING=")
        }
        #expect(report?.contains("succeeded: dead@1; no better than chance: ") == true)
        #expect(report?.contains("warning") == true)

        let shown = try daemon.call(ModelsInterface.Show.self, .init(model: "dead")).model
        #expect(shown.warning == warning)
        #expect(try daemon.call(ModelsInterface.List.self, NoParameters()).models.map(\.warning) == [warning])

        // The only one there is: it must be named.
        let none = SqzError.noModels(passedOver: ["dead@1"])
        #expect("\(none)".contains("dead@1") && "\(none)".contains("--model"))
        try daemon.expect(none, from: InferenceInterface.Classify.self, .init(images: []))
        try daemon.expect(none, from: JobsInterface.Submit.self, .init(kind: "evaluate"))
        #expect(try classify("dead") == "dead@1")

        // One that learned something is the default, and stays it when a later one dies, by whatever name.
        let alive = try #require(try daemon.train(as: "alive", options: ["epochs": .integer(3)]).outcome)
        #expect(alive.warning == nil)
        #expect(try daemon.train(as: "alive", options: dead).outcome?.warning == warning)
        #expect(try classify() == "alive@1")
        #expect(try classify("alive") == "alive@2")
        let evaluation = try daemon.end(of: daemon.submit(.init(kind: "evaluate")))
        #expect(evaluation.model == "alive@1" && evaluation.outcome?.measured == "the test pictures")
    }

    /// What is exported and imported again has its warning still.
    @Test func anImportKnowsTheWarning() throws {
        let job = try daemon.train(as: "travels", options: ["learning-rate": .number(1)])
        let model = try daemon.call(ModelsInterface.Show.self, .init(model: #require(job.outcome?.model))).model
        let file = try Data(contentsOf: URL(fileURLWithPath: "\(daemon.state)/blobs/\(model.sha256)"))
        try daemon.call(
            DatasetsInterface.Offer.self, .init(sha256: model.sha256, size: file.count))
        try daemon.call(
            DatasetsInterface.Write.self,
            .init(sha256: model.sha256, offset: 0, data: file.base64EncodedString()))
        let imported = try daemon.call(ModelsInterface.Import.self, .init(name: "back", sha256: model.sha256)).model
        #expect(imported.warning == model.warning && imported.warning != nil)
    }
}
