import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What the built-in runner says, against `protocol/`.
@Suite struct DescriptionTests {
    @Test func theExamplesAreWhatItAnswers() throws {
        let runner = try RunnerProcess()
        defer { runner.end() }
        let answer = try runner.client.call(RunnerInterface.Describe.self, NoParameters())
        var example = try Self.reply(RunnerInterface.Describe.self)
        // These are the machine's and the day's.
        example.version = answer.version
        example.properties = answer.properties
        #expect(example == answer)
        #expect(try Self.reply(ManagerInterface.Runners.self).runners.first?.kinds == answer.kinds)
    }

    @Test func aKindThatItLacksIsAnErrorOfItsInterface() throws {
        let scratch = try ScratchDirectory()
        let runner = try RunnerProcess()
        defer { runner.end() }
        let error = #expect(throws: VarlinkError.self) {
            try runner.client.call(
                RunnerInterface.Run.self,
                .init(id: 1, kind: "dance", options: [:], dataset: scratch["x"], directory: scratch["."]))
        }
        #expect(error?.name == "io.sqzd.Runner.Failed" && error?.description.contains("dance") == true)
    }

    private static func reply<M: VarlinkMethod>(_ method: M.Type) throws -> M.Reply {
        let example = try #require(try Example.all().first { $0.name == M.name }).example
        return try JSON.decode(M.Reply.self, from: try JSON.encode(try #require(example.replies.first?.parameters)))
    }
}
