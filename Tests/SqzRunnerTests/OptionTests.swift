import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What a runner says to options that no daemon has checked.
@Suite struct OptionTests {
    @Test(arguments: [
        ("colour", JSONValue.integer(1), "train has no such option"), ("threads", .integer(33), "at most 32"),
        ("epochs", .number(1.5), "an integer"), ("recipe", .string("cake"), "must be one of tutorial"),
    ]) func whatDoesNotFitIsRefused(name: String, value: JSONValue, words: String) throws {
        let scratch = try ScratchDirectory()
        let runner = try RunnerProcess()
        defer { runner.end() }
        do {
            try runner.client.stream(
                RunnerInterface.Run.self,
                .init(
                    id: 1, kind: "train", options: [name: value], dataset: scratch["none"], directory: scratch.path)
            ) { _ in .more }
            Issue.record("\(name) was taken")
        } catch let error as VarlinkError {
            guard case .invalidOption(name, let reason)? = SqzError(error) else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.contains(words))
        }
    }
}
