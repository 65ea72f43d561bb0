import SqueezeNet
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
        example.ranksProgram = answer.ranksProgram
        #expect(answer.ranksProgram?.hasSuffix("/sqz-runner-squeezenet-mpi") == true)
        #expect(example == answer)
        #expect(try Self.reply(ManagerInterface.Runners.self).runners.first?.kinds == answer.kinds)
    }

    /// What it says of sizes is what the engine does.
    @Test(arguments: Architecture.allCases) func everySizeThatItAllowsFits(_ network: Architecture) throws {
        func works(_ body: () throws -> Void) -> Bool {
            do { try body() } catch { return false }
            return true
        }
        let runner = try RunnerProcess()
        defer { runner.end() }
        let kinds = try runner.client.call(RunnerInterface.Describe.self, NoParameters()).kinds
        let train = try #require(kinds.first { $0.name == "train" })
        for size in 8...224 {
            let options: [String: JSONValue] = [
                "arch": .string(network.rawValue), "resize": .integer(Int64(size)),
            ]
            #expect(
                works { try train.check(options, tuning: false) }
                    == works { _ = try Network(network, classes: 10, inputSize: size) },
                "\(size)")
        }
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
