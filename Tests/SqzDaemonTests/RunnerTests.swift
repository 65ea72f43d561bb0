import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Runners as plug-ins: what appears, what is checked, and what their crashes come to.
@Suite(.serialized, .daemon()) struct RunnerTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func runners() throws -> [RunnerInfo] {
        try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners
    }

    @Test func eachAppearsWithItsKindsAndTheirOptions() throws {
        let runners = try runners()
        #expect(runners.map(\.name) == ["countdown", "squeezenet"])
        #expect(runners.allSatisfy { $0.error == nil })
        #expect(runners[1].kinds.map(\.name) == ["train", "evaluate", "predict", "quantize", "compress", "calibrate"])
        #expect(runners[1].kinds.map(\.model) == [.made, .used, .used, .made, .made, .made])
        #expect(runners[1].properties["kernels"] != nil)
        let kind = try #require(runners[0].kinds.first)
        #expect(kind.name == "countdown" && kind.model == .none && !kind.dataset)
        #expect(kind.options.map(\.name) == ["from", "delay", "crash"])
        #expect(kind.options.map(\.type) == [.integer, .number, .flag])
        #expect(kind.options[0].minimum == 1 && kind.options[0].maximum == 1_000 && kind.options[0].default == "3")
    }

    @Test func anOptionThatDoesNotFitIsRefusedByName() throws {
        let cases: [(String, JSONValue, String)] = [
            ("from", .integer(0), "at least 1"), ("from", .integer(1_001), "at most 1000"),
            ("from", .number(2.5), "an integer"), ("delay", .integer(61), "at most 60"),
            ("delay", .string("1"), "a number"), ("crash", .integer(1), "true or false"),
            ("fuse", .integer(1), "from, delay, crash"),
        ]
        for (option, value, words) in cases {
            let reason = try daemon.expectInvalid(
                option, from: JobsInterface.Submit.self, .init(kind: "countdown", options: [option: value]))
            #expect(reason.contains(words), "\(option): \(reason)")
        }
    }

    @Test func itsLinesAreTheJobsLog() throws {
        let id = try daemon.countDown(from: 3)
        try daemon.end(of: id)
        #expect(
            try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines == [
                "job \(id): counting down from 3", "2", "1", "0",
            ])
        // And in the daemon's own, under the job's id.
        #expect(daemon.reports.contains { $0.contains("SQZ_JOB=\(id)") && $0.hasSuffix("counting down from 3") })
    }

    @Test func aCrashIsAFailedJob() throws {
        let id = try daemon.countDown(from: 4, crash: true)
        let job = try daemon.end(of: id)
        #expect(job.state == .failed && job.reason?.contains("exit status 1") == true, "\(job.reason ?? "")")
        #expect(job.starts == 4)
        let lines = try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines
        #expect(lines.last == "RuntimeError: told to crash")
        #expect(try daemon.end(of: daemon.countDown()).state == .succeeded)
    }
}

/// Runners that are not as they should be. Each test has a daemon of its own.
@Suite struct WrongRunnerTests {
    /// What the daemon says of a runner that it can't use.
    private func problem(of runner: TestDaemon.Runner) async throws -> String {
        try await onThread {
            let daemon = try TestDaemon(runners: [.countdown, runner])
            let runners = try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners
            #expect(runners.count == 2 && runners[0].error == nil)
            // The others do their work.
            #expect(try daemon.end(of: daemon.countDown(from: 1)).state == .succeeded)
            try daemon.stop()
            #expect(runners[1].kinds.isEmpty)
            return try #require(runners[1].error)
        }
    }

    @Test func oneThatSaysNothingIsGivenUp() async throws {
        let problem = try await problem(of: .script(name: "mute", text: "#!/bin/sh\nexec sleep 1000\n"))
        #expect(problem.contains("it did not answer Describe within 10 s"))
    }

    @Test func oneThatLeavesAChildIsGivenUp() async throws {
        let problem = try await problem(of: .script(name: "parent", text: "#!/bin/sh\nsleep 1000\ntrue\n"))
        #expect(problem.contains("it did not answer Describe within 10 s"))
    }

    /// Each is a second runner, by path, with what another offers.
    @Test(arguments: [
        (
            "name",
            "send({'name': 'countdown', 'version': '1', 'properties': {}, 'kinds': [], 'imports': True, 'classifies': True})"
        ),
        ("kind of jobs", "offer('countdown')"),
    ]) func aTwinIsRefusedByName(what: String, describe: String) async throws {
        let problem = try await problem(of: .python("twin", describe: describe))
        #expect(problem.contains("its \(what), countdown, is") && problem.hasSuffix("/runners/countdown"), "\(problem)")
    }

    /// The daemon serves while runners are asked, all at the same time; what needs one waits for it.
    @Test func askingThemHoldsUpNothingElse() async throws {
        try await onThread {
            let daemon = try TestDaemon(runners: [.countdown], starts: false)
            // Each answers when the other has been asked too, and the test has let them.
            for (name, other) in [("a", "b"), ("b", "a")] {
                let (mine, others) = (daemon.scratch["asked-\(name)"], daemon.scratch["asked-\(other)"])
                let wait =
                    "open('\(mine)', 'w').close()\nlog('asked')\n"
                    + "while not all(map(os.path.exists, ['\(others)', '\(daemon.scratch["go"])'])): time.sleep(0.01)\n"
                try daemon.add(.python(name, describe: wait + "offer('\(name)')"))
            }
            try daemon.start()
            let waiting = try daemon.client()
            try waiting.send(ManagerInterface.Runners.self, NoParameters())
            #expect(try daemon.call(ManagerInterface.Info.self, NoParameters()).kernels == nil)
            #expect(try daemon.call(JobsInterface.List.self, .init()).jobs == [])
            try daemon.scratch.write("go", [])
            let runners = try waiting.receive(ManagerInterface.Runners.self, until: TestDaemon.deadline)
                .parameters(ManagerInterface.Runners.Reply.self).runners
            #expect(runners.map(\.name) == ["a", "b", "countdown"] && runners.allSatisfy { $0.error == nil })
            try daemon.stop()
        }
    }

    @Test func oneThatEndsAtOnceIsNotUsed() async throws {
        let problem = try await problem(of: .script(name: "quitter", text: "#!/bin/sh\nexit 3\n"))
        #expect(problem.contains("exit status 3"))
    }

    @Test(arguments: [
        ("nonsense", "sys.stdout.write('nonsense\\0'); sys.stdout.flush()", "JSON"),
        ("unfinished", "send({'name': 'x'})", "version"),
        ("mistaken", "offer('x', kinds=[{'name': 'x'}])", "kinds[0]"),
        (
            "refusing",
            "sys.stdout.write('{\"error\": \"io.sqzd.Runner.Failed\", \"parameters\": {\"reason\": \"no\"}}\\0'); sys.stdout.flush()",
            "no"
        ),
    ]) func oneThatDescribesItselfWronglyIsNotUsed(name: String, describe: String, words: String) async throws {
        let problem = try await problem(of: .python(name, describe: describe))
        #expect(problem.contains(words), "\(problem)")
    }

    @Test func oneThatIsNoProgramIsNotUsed() async throws {
        let problem = try await problem(of: .script(name: "scribble", text: "#!/nowhere/at/all\n"))
        #expect(!problem.isEmpty)
    }

    @Test func oneThatDoesNotEndIsEnded() async throws {
        try await onThread {
            let daemon = try TestDaemon(
                runners: [.python("stayer", describe: "offer('stay')\nos.close(0)\nwhile True: time.sleep(1000)")])
            #expect(
                try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners.map(\.name) == ["stayer"])
            #expect(try ProcessTable.children(of: #require(daemon.pid)) == [])
            try daemon.stop()
        }
    }
}

/// Jobs of runners that are not as they should be.
@Suite(
    .serialized,
    .daemon {
        try TestDaemon(runners: [
            .python("chatter", describe: "offer('chatter')", run: chatter),
            .python("leaver", describe: "offer('leaver')", run: "os.kill(os.getpid(), signal.SIGSEGV)"),
            .python("silent", describe: "offer('silent')", run: "send({})"),
            .python("stopped", describe: "offer('stopped')", run: "send({'stopped': True})"),
            .python("thief", describe: "offer('thief')", run: made("../../sqzd.db")),
            .python("piper", describe: "offer('piper')", run: "os.mkfifo(\(model))\n" + made("model")),
            .python(
                "linker", describe: "offer('linker')", run: "os.symlink('/etc/passwd', \(model))\n" + made("model")),
            .python(
                "twin", describe: "offer('twin')",
                run: "os.link(call['parameters']['directory'] + '/log', \(model))\n" + made("model")),
            .python(
                "scribbler", describe: "offer('scribbler')", run: "open(\(model), 'w').close()\n" + made("model"),
                others: [
                    "Inspect": """
                    sys.stdout.write('{"error": "io.sqzd.Runner.BadModel", "parameters": {"reason": "no weights"}}\\0')
                    sys.stdout.flush()
                    """
                ]),
            .python(
                "quitter", describe: "offer('quitter')",
                run: "send({'progress': \(progress)}, continues=True)\nsys.exit(0)"),
            .python(
                "babbler", describe: "offer('babbler')", run: "sys.stdout.write('x' * (17 << 20)); sys.stdout.flush()"),
        ])
    }) struct WrongJobTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test(arguments: [
        ("leaver", "killed by signal 11", 4), ("silent", "did not say what the job came to", 1),
        ("stopped", "without being asked to", 1), ("thief", "outside of its directory", 1),
        ("piper", "no regular file", 1), ("linker", "symbolic links", 1),
        ("twin", "no regular file", 1), ("scribbler", "no weights", 1),
        ("quitter", "exit status 0", 4), ("babbler", "", 1),
    ]) func fails(kind: String, words: String, starts: Int) throws {
        let job = try daemon.end(of: daemon.submit(.init(kind: kind)))
        #expect(job.state == .failed && job.starts == starts)
        let reason = try #require(job.reason)
        #expect(words.isEmpty ? !reason.isEmpty : reason.contains(words), "\(reason)")
        #expect(try daemon.call(ModelsInterface.List.self, NoParameters()).models == [])
    }

    /// The limits of `Limits.logBytes` and `Limits.logLine`.
    @Test func aLogIsCutToItsLastMiBAndItsLinesTo4KiB() throws {
        let id = try daemon.submit(.init(kind: "chatter"))
        #expect(try daemon.end(of: id).state == .succeeded)
        let lines = try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines
        let bytes = lines.reduce(0) { $0 + $1.utf8.count + 1 }
        #expect(bytes <= Limits.logBytes + Limits.logLine && bytes >= Limits.logBytes / 2)
        #expect(lines.allSatisfy { $0.utf8.count <= Limits.logLine })
        #expect(lines.last == "the end")
        // 10,000 bytes are two whole lines and a rest.
        #expect(lines.suffix(4).map(\.utf8.count) == [4_096, 4_096, 1_808, 7])
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/jobs/\(id)")
        #expect(files.sorted() == ["log", "log.old"])
    }
}

private let progress = "{'epoch': 1, 'epochs': 1, 'step': 1, 'steps': 2}"
private let model = "call['parameters']['directory'] + '/model'"
/// Says that this file is the model that the job made.
private func made(_ file: String) -> String {
    """
    send({'result': {'model': {
        'file': '\(file)', 'weightsSha256': '', 'architecture': '', 'bypass': '', 'classes': [],
        'parameters': 0, 'multiplyAdds': 0, 'preprocessing': '', 'layers': []}}})
    """
}
private let chatter = """
    for number in range(3000): log(f'{number} ' + 'x' * 1000)
    log('y' * 10000)
    log('the end')
    send({'result': {}})
    """
