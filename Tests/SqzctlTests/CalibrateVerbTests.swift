import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// `evaluate --calibrate`.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importMislabelledColours()
        _ = try daemon.train("colours", as: "tints", options: ["validation-share": .number(0.3)])
        return daemon
    }) struct CalibrateVerbTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func theNextVersionIsMadeAndBothFiguresAreShown() throws {
        let made = try Sqzctl.run(daemon, "--json", "evaluate", "--model", "tints@1", "--calibrate")
        made.expect(0)
        let job = try daemon.end(of: made.reply(JobsInterface.Submit.Reply.self).id)
        #expect(job.kind == "calibrate" && job.base == "tints@1" && job.outcome?.model == "tints@2")
        let shown = try Sqzctl.run(daemon, "show", "\(job.id)").output
        for told in [", temperature ", ", calibration error ", ", before (loss ", "what its pictures were put into"] {
            #expect(shown.contains(told), "\(shown)")
        }
        let model = try Sqzctl.run(daemon, "model", "show", "tints@2").output
        #expect(model.contains("calibrated to temperature ") && model.contains(", of tints@1, "), "\(model)")
        let compared = try Sqzctl.run(daemon, "compare", "tints@1", "tints@2").output
        #expect(compared.contains("\ntemperature "), "\(compared)")
        let page = daemon.scratch["page.html"]
        try Sqzctl.run(daemon, "report", "tints@2", "-o", page).expect(0)
        let report = try String(contentsOfFile: page, encoding: .utf8)
        #expect(report.contains("Before its logits were divided by a temperature of"), "\(report)")
        #expect(report.contains("calibrating took") && !report.contains("training took"), "\(report)")
        try optionsAreThoseOfTheTraining()
        let training = try #require(daemon.call(ModelsInterface.Show.self, .init(model: "tints@1")).model.job)
        try Sqzctl.run(daemon, "jobs", "rm", "\(training)").expect(0)
        try optionsAreThoseOfTheTraining()

        // As the page says how to repeat it.
        let command = "sqzctl submit calibrate --data colours --model tints --from tints@1"
        #expect(report.contains(command), "\(report)")
        let again = try Sqzctl.run(
            socket: daemon.socket, ["--json"] + command.split(separator: " ").dropFirst().map(String.init))
        again.expect(0)
        #expect(try daemon.end(of: again.reply(JobsInterface.Submit.Reply.self).id).outcome?.model == "tints@3")

        let followed = try Sqzctl.run(
            daemon, "evaluate", "--model", "tints@1", "--calibrate", "--name", "calm", "--split", "test", "--follow")
        followed.expect(0)
        #expect(followed.output.contains("model calm@1") && followed.output.contains("(the test pictures)"))
    }

    private struct Comparison: Decodable {
        struct Thing: Decodable {
            var options: [String: String]
            var temperature: Double?
        }
        var compared: [Thing]
        var differing: [String]
    }

    private func optionsAreThoseOfTheTraining() throws {
        let compared = try Sqzctl.run(daemon, "--json", "compare", "tints@1", "tints@2").output
        let told = try JSON.decode(Comparison.self, from: Array(compared.utf8))
        #expect(told.compared.allSatisfy { $0.options["epochs"] != nil && $0.options["recipe"] != nil })
        #expect(Set(told.differing).subtracting(["threads"]) == ["split"], "\(told.differing)")
        #expect(told.compared.map { $0.temperature != nil } == [false, true])
    }

    @Test func whatDoesNotGoTogetherIsUsage() throws {
        try Sqzctl.run(daemon, "evaluate", "--calibrate").expect(64, "--model")
        try Sqzctl.run(daemon, "evaluate", "--model", "tints", "--name", "x").expect(64, "--calibrate")
        try Sqzctl.run(daemon, "evaluate", "--model", "tints", "--calibrate", "--tta", "flip").expect(64, "tta")
        try Sqzctl.run(daemon, "evaluate", "--model", "nobody", "--calibrate").expect(66, "nobody")
    }
}
