import Foundation
import SqzProtocol
import TestSupport
import Testing

/// Runners that end, or are to end, otherwise than they should.
@Suite(
    .serialized,
    .daemon {
        try TestDaemon(runners: [
            .python(
                "parent", describe: "offer('parent')",
                run: """
                    subprocess.Popen(['sh', '-c', 'sleep 5; echo outlived >&2'])
                    log('started')
                    send({'result': {}})
                    sys.exit(0)
                    """),
            .python(
                "leaver", describe: "offer('leaver')",
                run: child + "send({'result': {}})\nsys.exit(0)"),
            .python("crasher", describe: "offer('crasher')", run: child + "os._exit(3)"),
            .python(
                "stubborn", describe: "offer('stubborn')",
                run: "log('runs')\n\(untilStop)\nsend({'result': {}})"),
            .python(
                "frozen", describe: "offer('frozen')",
                run: "os.kill(os.getpid(), signal.SIGSTOP)\n\(untilStop)\nlog('heard')\nsend({'stopped': True})"),
            .python(
                "deaf", describe: "offer('deaf')", run: "os.close(0)\nlog('runs')\nwhile True: time.sleep(1000)"),
        ])
    }) struct RunnerEndTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func lines(of id: Int) throws -> [String] {
        try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines
    }

    /// The child of a job's runner, as its log tells.
    private func child(of id: Int) throws -> pid_t { try #require(lines(of: id).first.flatMap { pid_t($0) }) }

    @Test func whatARunnerStartedGoesWithIt() throws {
        let id = try daemon.submit(.init(kind: "parent"))
        #expect(try daemon.end(of: id).state == .succeeded)
        // Left alone, the child would have written before the job's log ended.
        #expect(try lines(of: id) == ["started"])
    }

    /// One that left the runner's process group, and has the pipes open.
    @Test(arguments: [("leaver", State.succeeded, "nil"), ("crasher", .failed, "exit status 3")])
    func whatGotAwayHoldsNoJob(kind: String, state: State, words: String) throws {
        let id = try daemon.submit(.init(kind: kind))
        let job = try daemon.end(of: id)
        #expect(job.state == state && "\(job.reason ?? "nil")".contains(words))
        // It lives for half a minute: the job's end did not wait for it.
        #expect(try kill(child(of: id), SIGKILL) == 0)
    }

    @Test func aCancelledJobIsCancelledWhateverItsRunnerSays() throws {
        let count = daemon.reports.count
        let id = try daemon.submit(.init(kind: "stubborn"))
        try daemon.wait(for: "runs", after: count)
        try daemon.cancel(id)
        #expect(try daemon.end(of: id).state == .cancelled)
    }

    /// It goes on in order to hear it, rather than being killed when its patience is over.
    @Test func aStoppedRunnerHearsThatItsTimeIsOver() throws {
        let id = try daemon.submit(.init(kind: "frozen", timeLimit: 1))
        let job = try daemon.end(of: id)
        #expect(job.state == .failed && job.reason?.contains("time limit") == true, "\(job.reason ?? "")")
        #expect(try lines(of: id) == ["heard"])
    }

    @Test func oneThatDoesNotListenIsEndedToo() throws {
        let count = daemon.reports.count
        let id = try daemon.submit(.init(kind: "deaf"))
        try daemon.wait(for: "runs", after: count)
        try daemon.cancel(id)
        #expect(try daemon.end(of: id).state == .cancelled)
    }
}

/// Starts a child that has the runner's pipes, in a session of its own, and tells which.
private let child = "log(subprocess.Popen(['sleep', '30'], start_new_session=True).pid)\n"
private let untilStop = "while b'.Stop' not in buffer: buffer += os.read(0, 65536)"
