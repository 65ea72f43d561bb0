import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// How many connections there may be. Each test has a daemon of its own with a limit of file descriptors of its own.
@Suite(.serialized) struct ConnectionLimitTests {
    private static let show = #"{"method": "io.sqzd.Jobs.Show", "parameters": {"id": 999}}"#

    private static func daemon(descriptors: Int) throws -> TestDaemon {
        try TestDaemon(runners: [.countdown], launcher: ["prlimit", "--nofile=\(descriptors)"])
    }

    /// Opens connections, each of which is answered.
    private static func open(_ count: Int, _ daemon: TestDaemon) throws -> [RawConnection] {
        let connections = try (0..<count).map { _ in try RawConnection(daemon) }
        for connection in connections { try connection.send(show) }
        for connection in connections { try #require(try connection.receive() != nil) }
        return connections
    }

    /// Whether another connection is served, else the refusal.
    private static func refusal(_ daemon: TestDaemon) throws -> Example.Reply? {
        let connection = try RawConnection(daemon)
        try connection.send(show)
        let reply = try #require(try connection.receive())
        return reply.error == "io.sqzd.Jobs.NoSuchJob" ? nil : reply
    }

    private static func isServed(_ daemon: TestDaemon) throws -> Bool { try refusal(daemon) == nil }

    private static func refusal(_ what: String, limit: Int) -> Example.Reply {
        Example.Reply(
            error: "io.sqzd.Manager.TooLarge",
            parameters: [
                "what": .string(what), "limit": .integer(Int64(limit)), "current": .integer(Int64(limit)),
            ])
    }

    /// Nothing tells a client when the daemon has noticed that it is gone: tried again until then.
    private static func becomesServed(_ daemon: TestDaemon) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if try isServed(daemon) { return true }
        }
        return false
    }

    @Test(.enabled(if: DescriptorLimit.raise(to: 8_192), "this process may not open 8,192 files"))
    func aUserHas1024Connections() throws {
        let daemon = try Self.daemon(descriptors: 8_192)
        var connections = try Self.open(Limits.connectionsPerUser, daemon)
        let expected = Self.refusal("your open connections", limit: Limits.connectionsPerUser)
        #expect(try Self.refusal(daemon) == expected)
        try daemon.wait(for: "your open connections: the limit is 1024, there are 1024")
        // Those that are open are still served.
        try connections[0].send(Self.show)
        #expect(try connections[0].receive() != nil)
        connections.removeLast()
        #expect(try Self.becomesServed(daemon))
        withExtendedLifetime(connections) {}
        try daemon.stop()
    }

    /// With a limit of 280: 64 for the daemon itself, 6 for each of 21 runners, 32 for files and 16 for refusals are not theirs.
    private static let share = 280 - 238

    @Test func connectionsLeaveDescriptorsForRunners() throws {
        let daemon = try Self.daemon(descriptors: 280)
        let connections = try Self.open(Self.share, daemon)
        #expect(try Self.refusal(daemon) == Self.refusal("all open connections", limit: Self.share))
        try connections[0].send(#"{"method": "io.sqzd.Jobs.Submit", "parameters": {"kind": "countdown"}}"#)
        #expect(try connections[0].receive()?.parameters == ["id": .integer(1)])
        try connections[0].send(#"{"method": "io.sqzd.Jobs.Watch", "parameters": {"id": 1}, "more": true}"#)
        var last: Example.Reply?
        repeat { last = try connections[0].receive() } while last?.continues == true
        guard case .object(let event)? = last?.parameters?["event"] else {
            Issue.record("no event: \(String(describing: last))")
            return
        }
        #expect(event["state"] == .string("succeeded"))
        try daemon.stop()
    }

    @Test func connectionsThatNobodyAnswersTakeNothingThatTheDaemonNeeds() throws {
        let daemon = try Self.daemon(descriptors: 254)
        let connections = try Self.open(16, daemon)
        // Many more than there are descriptors, none of which says anything.
        let others = try (0..<300).compactMap { _ in try RawConnection(daemon) }
        try connections[0].send(#"{"method": "io.sqzd.Jobs.Submit", "parameters": {"kind": "countdown"}}"#)
        #expect(try connections[0].receive()?.parameters == ["id": .integer(1)])
        try connections[1].send(#"{"method": "io.sqzd.Jobs.Watch", "parameters": {"id": 1}, "more": true}"#)
        var last: Example.Reply?
        repeat { last = try connections[1].receive() } while last?.continues == true
        guard case .object(let event)? = last?.parameters?["event"] else {
            Issue.record("no event: \(String(describing: last))")
            return
        }
        #expect(event["state"] == .string("succeeded"))
        #expect(!daemon.reports.contains { $0.contains("no connection can be accepted") })
        withExtendedLifetime(others) {}
        try daemon.stop()
    }

    @Test(arguments: [16, 32, 64, 253]) func withTooFewDescriptorsTheStartIsRefusedWithTheNumber(limit: Int) throws {
        let daemon = try TestDaemon(runners: [.countdown], launcher: ["prlimit", "--nofile=\(limit)"], starts: false)
        let transcript = try daemon.startAndFail()
        #expect(transcript.ending == .exited(1))
        #expect(
            transcript.errors.contains(
                "\(limit) files may be open (RLIMIT_NOFILE), 254 must be with runningJobs 1: raise LimitNOFILE="),
            "\(transcript.errors)")
    }

    @Test func aClosedConnectionUnsubscribes() throws {
        let daemon = try Self.daemon(descriptors: 280)
        let id = try daemon.block()
        let share = Self.share
        // Were a watcher that is gone still held, the second round would find no room.
        for _ in 0..<3 {
            var watchers: [Client] = []
            let deadline = TestDaemon.deadline
            while watchers.count < share - 4, ContinuousClock.now < deadline {
                do {
                    let client = try daemon.client()
                    try client.send(JobsInterface.Watch.self, .init(id: id), mode: .more)
                    // Refused, or closed, where it was not noticed yet that others are gone.
                    let reply = try client.receive(JobsInterface.Watch.self, until: TestDaemon.deadline)
                    if reply.error == nil { watchers.append(client) }
                } catch ConnectionError.closed {
                    continue
                }
            }
            #expect(watchers.count == share - 4)
        }
        #expect(try Self.becomesServed(daemon))
        try daemon.cancel(id)
        try daemon.stop()
    }
}

/// How many files this process may open.
enum DescriptorLimit {
    /// Raises it; tells whether it could.
    static func raise(to count: UInt) -> Bool {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return false }
        guard limit.rlim_cur < count else { return true }
        limit.rlim_cur = count
        return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    }
}
