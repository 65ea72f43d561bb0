import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Jobs whose runners crash are tried again. Each test has a daemon of its own.
@Suite(.serialized) struct RetryTests {
    /// Crashes when it is tried for the first time, and succeeds the second time.
    private static let once = TestDaemon.Runner.python(
        "once", describe: "offer('once')",
        run: """
            mark = call['parameters']['directory'] + '/tried'
            if os.path.exists(mark):
                send({'result': {}})
            else:
                open(mark, 'w').close()
                os.kill(os.getpid(), signal.SIGKILL)
            """)

    /// Kills the runner of a countdown that has begun, after the first `count` reports; gives their number then.
    private func killRunner(of id: Int, _ daemon: TestDaemon, after count: Int) throws -> Int {
        try daemon.wait(for: "job \(id): counting down", after: count)
        let count = daemon.reports.count
        kill(try daemon.runnerProcess(), SIGKILL)
        return count
    }

    @Test func aRunnerThatIsKilledAgainAndAgainIsAFailedJobInTheEndAndTheQueueGoesOn() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        let id = try daemon.countDown(from: 1_000, delay: 60)
        let next = try daemon.countDown()
        var count = 0
        for _ in 0..<4 { count = try killRunner(of: id, daemon, after: count) }
        let job = try daemon.end(of: id)
        #expect(job.state == .failed && job.starts == 4)
        #expect(
            job.reason
                == "the runner failed: it was killed by signal 9 (Killed), 4 times in a row without getting further")
        let reasons = try daemon.events(of: id).filter { $0.state == .queued }.compactMap(\.reason)
        #expect(reasons.count == 3)
        for (place, reason) in reasons.enumerated() {
            #expect(reason.hasPrefix("the runner failed: it was killed by signal 9 (Killed); it is tried again at "))
            #expect(reason.hasSuffix(", retry \(place + 1) of 3"))
        }
        #expect(try daemon.end(of: next).state == .succeeded)
        #expect(daemon.reports.count { $0.contains("SQZ_JOB=\(id) ") && $0.contains("SQZ_EVENT=interrupted") } == 3)
        try daemon.stop()
    }

    @Test func aRunnerThatCrashesOnceCostsATryAndADelay() throws {
        let daemon = try TestDaemon(runners: [Self.once], configuration: ["retryDelaySeconds": .integer(1)])
        let id = try daemon.submit(.init(kind: "once"))
        let job = try daemon.end(of: id)
        #expect(job.state == .succeeded && job.starts == 2)
        let events = try daemon.events(of: id)
        #expect(events.map(\.state) == [.queued, .running, .queued, .running, .succeeded])
        // Not before its time; nothing but the timer wakes the daemon for it.
        #expect(events[3].time - events[2].time >= 1_000_000)
        try daemon.stop()
    }

    @Test func whatARunnerSaysOfItselfIsNotTriedAgain() throws {
        let daemon = try TestDaemon(runners: [
            .python(
                "refusing", describe: "offer('refusing')",
                run: """
                    sys.stdout.write('{"error": "io.sqzd.Runner.Failed", "parameters": {"reason": "no"}}\\0')
                    sys.stdout.flush()
                    """)
        ])
        let job = try daemon.end(of: daemon.submit(.init(kind: "refusing")))
        #expect(job.state == .failed && job.starts == 1 && job.reason == "no")
        try daemon.stop()
    }

    @Test func aRetryWaitsAlsoForARestartedDaemonButNotForSomebodyWhoWantsItNow() throws {
        let daemon = try TestDaemon(runners: [.countdown], configuration: ["retryDelaySeconds": .integer(3_600)])
        let id = try daemon.countDown(from: 1_000, delay: 60)
        _ = try killRunner(of: id, daemon, after: 0)
        try daemon.watch(id, after: 2) { $0.state == .queued ? .stop : .more }
        let waiting = try daemon.job(id)
        #expect(waiting.reason?.contains("it is tried again at") == true && waiting.position == 1)
        // The place is free for others meanwhile.
        #expect(try daemon.end(of: daemon.countDown(from: 1)).state == .succeeded)
        daemon.kill()
        try daemon.start()
        #expect(try daemon.end(of: daemon.countDown(from: 1)).state == .succeeded)
        let again = try daemon.job(id)
        #expect(again.state == .queued && again.reason == waiting.reason && again.starts == 1)

        try daemon.call(JobsInterface.Pause.self, .init(id: id))
        try daemon.call(JobsInterface.Resume.self, .init(id: id))
        try daemon.watch(id, after: 5) { $0.state == .running ? .stop : .more }
        #expect(try daemon.job(id).starts == 2)
        try daemon.cancel(id)
        try daemon.end(of: id)
        try daemon.stop()
    }
}
