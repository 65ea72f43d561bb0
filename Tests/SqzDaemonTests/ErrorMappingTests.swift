import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A runner may fail with any error of its interface; clients get those of theirs.
@Suite(
    .serialized,
    .daemon {
        let refusal = #"{"error": "io.sqzd.Runner.BadModel", "parameters": {"reason": "no weights"}}"#
        let daemon = try TestDaemon(runners: [
            .python(
                "refuser", describe: "offer('make', classifies=True)", run: makeModel,
                others: ["Load": "sys.stdout.write('''\(refusal)\\0''')\nsys.stdout.flush()"])
        ])
        #expect(try daemon.end(of: daemon.submit(.init(kind: "make", model: "bad"))).state == .succeeded)
        return daemon
    }) struct ErrorMappingTests
{
    @Test func aModelThatItsRunnerRefusesIsAFailureOfClassify() throws {
        let daemon = try #require(TestDaemon.current)
        #expect(
            try daemon.error(of: InferenceInterface.Classify.self, .init(images: [""]))
                == VarlinkError(
                    name: "io.sqzd.Inference.Failed",
                    parameters: ["reason": .string("the model can't be used: no weights")]))
    }
}
