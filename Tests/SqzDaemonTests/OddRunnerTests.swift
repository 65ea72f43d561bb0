import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Where it stands what the runner is to do, as Python.
private let planFile = "/tmp/sqzd-odd-\(ProcessInfo.processInfo.processIdentifier)"

/// A runner that says what can't be, or too much of it, costs its job and nothing else.
@Suite(
    .serialized,
    .daemon {
        try TestDaemon(runners: [
            .countdown,
            .python(
                "odd", describe: "offer('odd', classifies=True, imports=True)",
                run: """
                    model = {'file': 'm', 'weightsSha256': '', 'architecture': '', 'bypass': '', 'classes': [], 'parameters': 0,
                             'multiplyAdds': 0, 'preprocessing': '', 'layers': []}
                    open(call['parameters']['directory'] + '/m', 'w').write('x')
                    step = {'epoch': 1, 'epochs': 1, 'step': 1, 'steps': 2}
                    exec(open('\(planFile)').read())
                    send({'result': {}})
                    """,
                others: [
                    "Inspect": "exec(open('\(planFile).inspect').read())",
                    "Import": """
                    open(call['parameters']['output'], 'w').write('x')
                    imported = {'format': 'odd', 'train': 1, 'test': 1, 'classes': ['a'], 'height': 1, 'width': 1}
                    exec(open('\(planFile)').read())
                    """,
                ]),
        ])
    }) struct OddRunnerTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func run(_ plan: String, inspect: String = "") throws -> Job {
        try Data(plan.utf8).write(to: URL(fileURLWithPath: planFile))
        try Data(inspect.utf8).write(to: URL(fileURLWithPath: planFile + ".inspect"))
        defer { for end in ["", ".inspect"] { unlink(planFile + end) } }
        return try daemon.end(of: daemon.submit(.init(kind: "odd", model: "odd")))
    }

    private static func measured(_ member: String) -> String {
        """
        picture = {'picture': 0, 'label': 0, 'predicted': 0, 'probability': 1, 'labelProbability': 1}
        found = {'split': 'test', 'calibration': [], 'confusion': [], 'mistakes': [], 'examples': []}
        one = [{'name': 'a', 'pictures': 1, 'correct': 1}]
        send({'result': {'byClass': one, 'measurement': {**found, \(member)}}})
        """
    }

    @Test(arguments: [
        ("send({'progress': {**step, 'epoch': 1 << 62}}, continues=True)", "progress.epoch is 4611686018427387904"),
        ("send({'progress': {**step, 'steps': -1}}, continues=True)", "progress.steps is -1"),
        ("send({'progress': {**step, 'accuracy': 1e308}}, continues=True)", "progress.accuracy is 1e+308"),
        (
            "send({'predictions': [{'picture': (1 << 63) - 1, 'classes': []}]}, continues=True)",
            "predictions.picture is"
        ),
        (
            "send({'predictions': [{'picture': 1, 'classes': [], 'file': 'f' * 3073}]}, continues=True)",
            "the number of bytes in a picture's path is 3073"
        ),
        (
            "send({'predictions': [{'picture': 1, 'classes': [{'index': 0, 'name': 'c' * 999, 'probability': 1}]}]}, continues=True)",
            "the number of bytes in a class's name is 999; right would be 0 to 255"
        ),
        ("send({'result': {'images': -5}})", "result.images is -5"),
        (measured("'topFive': 1.5"), "measurement.topFive is 1.5"),
        (measured("'calibration': [{'pictures': 1, 'correct': 2}]"), "measurement.calibration.correct is 2"),
        (
            measured("'calibration': [{'pictures': 0, 'correct': 0}] * 65"),
            "the number of measurement.calibration is 65"
        ),
        (
            measured("'confusion': [{'label': 0, 'predicted': 0, 'pictures': 1}] * 16385"),
            "the number of measurement.confusion is 16385; right would be 0 to 16384"
        ),
        (
            measured("'confusion': [{'label': 0, 'predicted': 1, 'pictures': 1}]"),
            "measurement.confusion.predicted is 1; right would be 0 to 0"
        ),
        (measured("'mistakes': [picture] * 1001"), "the number of measurement.mistakes is 1001"),
        (measured("'examples': [{**picture, 'probability': 2}]"), "measurement.examples.probability is 2"),
    ]) func whatCanNotBeFailsTheJob(_ plan: String, _ reason: String) throws {
        let job = try run(plan)
        #expect(job.state == .failed && job.reason?.contains("what it says can't be: \(reason)") == true, "\(job)")
    }

    @Test(arguments: [
        ("'train': (1 << 63) - 1", "imported.train is"),
        ("'test': -1", "imported.test is -1"),
        ("'trainByClass': [1, 2]", "imported.trainByClass has 2 numbers, classes 1"),
        ("'classes': ['c' * 999]", "the number of bytes in a class"),
    ]) func whatADatasetCanNotBeFailsTheImport(_ member: String, _ reason: String) throws {
        let plan = "send({'imported': {**imported, \(member)}})"
        try Data(plan.utf8).write(to: URL(fileURLWithPath: planFile))
        defer { unlink(planFile) }
        try daemon.scratch.write("data/odd", [1])
        let error = #expect(throws: (any Error).self) {
            try daemon.call(DatasetsInterface.Import.self, .init(name: "odd", path: daemon.scratch["data/odd"]))
        }
        #expect(String(describing: error).contains("be: \(reason)"), "\(String(describing: error))")
        #expect(try daemon.call(DatasetsInterface.List.self, NoParameters()).datasets.isEmpty)
    }

    @Test func whatAModelCanNotBeFailsTheJob() throws {
        let job = try run(
            "send({'result': {'model': model}})",
            inspect: """
                send({'model': {'file': '', 'weightsSha256': '', 'architecture': '', 'bypass': '', 'classes': [], 'parameters': -1,
                                'multiplyAdds': 0, 'preprocessing': '', 'layers': []}})
                """)
        #expect(
            job.state == .failed && job.reason?.contains("model.parameters is -1; right would be 0 or more") == true)
    }

    /// What is far below zero ended the daemon.
    @Test(arguments: ["1e308", "-1e308", "-1e300"]) func anyTimeLeftIsTaken(_ left: String) throws {
        let plan = """
            send({'progress': {**step, 'secondsLeft': \(left), 'loss': 1e308}}, continues=True)
            os.read(0, 65536)
            send({'stopped': True})
            sys.exit(0)
            """
        try Data(plan.utf8).write(to: URL(fileURLWithPath: planFile))
        defer { unlink(planFile) }
        let id = try daemon.submit(.init(kind: "odd", model: "odd"))
        try daemon.watch(id) { $0.kind == .progress ? .stop : .more }
        let job = try daemon.job(id)
        #expect(job.state == .running && job.expectedEnd == nil)
        try daemon.cancel(id)
        #expect(try daemon.end(of: id).state == .cancelled)
    }

    /// A list of a thousand jobs must fit into a message.
    @Test func longTextsAreCut() throws {
        let long = "'\u{E9}' * 500_000"
        func isCut(_ text: String?) -> Bool {
            text.map { $0.utf8.count <= Limits.toldBytes + 40 && $0.hasSuffix("bytes in all)") } ?? false
        }
        let told = try run(
            """
            send({'progress': {**step, 'warning': \(long)}, 'epochEnded': True}, continues=True)
            send({'result': {'warning': \(long), 'measured': \(long)}})
            """)
        #expect(isCut(told.outcome?.warning) && isCut(told.outcome?.measured) && isCut(told.progress?.warning))
        let failed = try run(
            """
            sys.stdout.write(json.dumps(
                {"error": "io.sqzd.Runner.Failed", "parameters": {"reason": \(long)}}) + "\\0")
            sys.stdout.flush()
            sys.exit(0)
            """)
        #expect(failed.state == .failed && isCut(failed.reason), "\(failed.reason?.utf8.count ?? 0)")
    }

    /// What each says of itself is in one reply with what the others say.
    @Test func whoSaysTooMuchOfItselfIsNotUsed() throws {
        try daemon.add(
            .python("endless", describe: "offer('endless', properties={str(i): 'x' * 4096 for i in range(256)})"))
        try daemon.add(
            .python(
                "twins",
                describe: """
                    option = {'name': 'a', 'type': 'flag', 'help': ''}
                    offer('twins', kinds=[{'name': 'twins', 'help': '', 'dataset': False, 'model': 'none', 'options': [option] * 2}])
                    """))
        try daemon.reload()
        let runners = try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners
        let error = runners.first { $0.path.hasSuffix("/endless") }?.error
        #expect(error?.contains("bytes, 1048576 are taken at most") == true, "\(error ?? "")")
        let twins = runners.first { $0.path.hasSuffix("/twins") }?.error
        #expect(twins?.contains("twins has two options a") == true, "\(twins ?? "")")
        #expect(runners.contains { $0.name == "odd" && $0.error == nil })
    }
}
