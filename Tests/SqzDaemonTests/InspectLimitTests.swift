import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A runner that does not say what the model is that it made; the test takes as long as it may.
@Suite(
    .daemon {
        try TestDaemon(runners: [
            .python(
                "silent", describe: "offer('make', classifies=True)",
                run: """
                    with open(call['parameters']['directory'] + '/model', 'w') as file: file.write('x')
                    send({'result': {'model': {
                        'file': 'model', 'weightsSha256': '', 'architecture': '', 'bypass': '', 'classes': [],
                        'parameters': 0, 'multiplyAdds': 0, 'preprocessing': '', 'layers': []}}})
                    """,
                others: ["Inspect": "log('inspecting')"])
        ])
    }) struct InspectLimitTests
{
    @Test func aModelThatNobodyTellsOfFailsItsJob() throws {
        let daemon = try #require(TestDaemon.current)
        let id = try daemon.submit(.init(kind: "make", model: "silent"))
        try daemon.wait(for: "inspecting")
        let start = ContinuousClock.now
        let limit = Duration.seconds(Limits.inspectSeconds)
        try daemon.client().stream(
            JobsInterface.Watch.self, .init(id: id), until: start + limit + .seconds(60)
        ) { _ in .more }
        let job = try daemon.job(id)
        #expect(job.state == .failed && job.reason?.contains("\(Limits.inspectSeconds) s") == true, "\(job)")
        #expect(ContinuousClock.now - start > limit - .seconds(5))
        #expect(try daemon.call(ModelsInterface.List.self, NoParameters()).models.isEmpty)
    }
}
