import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Following jobs: what has happened, then what happens.
@Suite(.serialized, .daemon { try TestDaemon(runners: [.countdown]) }) struct WatchTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Watch = JobsInterface.Watch

    /// Events that the daemon keeps, which all watchers see alike.
    private func kept(_ events: [Event]) -> [Event] { events.filter { $0.sequence != nil } }

    @Test func aLateWatcherGetsTheHistory() throws {
        let id = try daemon.countDown(from: 3)
        try daemon.end(of: id)
        let events = try daemon.events(of: id)
        #expect(events.map(\.sequence) == [1, 2, 3, 4])
        #expect(events.map(\.kind) == [.state, .state, .epoch, .state])
        #expect(events.map(\.state) == [.queued, .running, nil, .succeeded])
        #expect(events[2].progress?.step == 3 && events[2].progress?.steps == 3)
        #expect(events.map(\.time) == events.map(\.time).sorted())
    }

    @Test func watchersFromTheStartSeeProgress() throws {
        let blocker = try daemon.block()
        let id = try daemon.countDown(from: 3, delay: 0.01)
        let client = try daemon.client()
        try client.send(Watch.self, .init(id: id), mode: .more)
        let first = try client.receive(Watch.self, until: TestDaemon.deadline)
        var events = [try #require(try first.parameters(Watch.Reply.self).event)]
        try daemon.cancel(blocker)
        while true {
            let reply = try client.receive(Watch.self, until: TestDaemon.deadline)
            if let event = try reply.parameters(Watch.Reply.self).event { events.append(event) }
            if !reply.continues { break }
        }
        #expect(kept(events) == (try daemon.events(of: id)))
        let progress = events.filter { $0.kind == .progress }
        #expect(progress.allSatisfy { $0.sequence == nil && $0.state == nil && $0.progress?.steps == 3 })
        #expect(Set(progress.compactMap { $0.progress?.step }) == [1, 2])
    }

    @Test func allWatchersSeeTheSame() throws {
        let blocker = try daemon.block()
        let id = try daemon.countDown(from: 5)
        let clients = try (0..<8).map { _ in try daemon.client() }
        for client in clients { try client.send(Watch.self, .init(id: id), mode: .more) }
        // Each has been told of the past before the job goes on.
        for client in clients {
            let reply = try client.receive(Watch.self, until: TestDaemon.deadline)
            #expect(try reply.parameters(Watch.Reply.self).event?.state == .queued)
        }
        try daemon.cancel(blocker)
        let expected = Array(try daemon.events(of: id).filter { $0.sequence != nil }.dropFirst())
        for client in clients {
            var events: [Event] = []
            while true {
                let reply = try client.receive(Watch.self, until: TestDaemon.deadline)
                if let event = try reply.parameters(Watch.Reply.self).event { events.append(event) }
                if !reply.continues { break }
            }
            #expect(kept(events) == expected)
        }
    }

    @Test func aWatcherGoesOnFromWhereItWas() throws {
        let id = try daemon.countDown(from: 1)
        try daemon.end(of: id)
        let events = try daemon.events(of: id)
        for after in 0..<events.count {
            #expect(try daemon.events(of: id, after: after) == Array(events[after...]))
        }
        for after in [events.count, 1_000, Int.max] {
            #expect(try daemon.stream(Watch.self, .init(id: id, after: after)) == [Watch.Reply()])
        }
        #expect(try daemon.events(of: id, after: -1) == events)
    }

    @Test func oneConnectionWatchesOneJobAfterTheOther() throws {
        let ids = try (0..<3).map { _ in try daemon.countDown(from: 2) }
        let client = try daemon.client()
        for id in ids { try client.send(Watch.self, .init(id: id), mode: .more) }
        for id in ids {
            var states: [State] = []
            while true {
                let reply = try client.receive(Watch.self, until: TestDaemon.deadline)
                let event = try reply.parameters(Watch.Reply.self).event
                if let state = event?.state { states.append(state) }
                if !reply.continues { break }
            }
            #expect(states == [.queued, .running, .succeeded], "job \(id)")
        }
    }

    @Test func whatARunningJobToldLastIsShown() throws {
        let id = try daemon.countDown(from: 1_000, delay: 0.001)
        try daemon.watch(id) { ($0.progress?.step ?? 0) >= 3 ? .stop : .more }
        let job = try daemon.job(id)
        #expect(job.state == .running && job.starts == 1)
        #expect(try #require(job.progress).step >= 3)
        try daemon.cancel(id)
        try daemon.end(of: id)
    }

    @Test func aStreamIsNeverSilentForLong() async throws {
        let id = try daemon.block()
        let daemon = daemon
        // On a thread of its own: the others need not wait with it.
        let reply = try await onThread {
            let client = try daemon.client()
            try client.send(Watch.self, .init(id: id), mode: .more)
            while true {
                let reply = try client.receive(Watch.self, until: .now + .seconds(30))
                let parameters = try reply.parameters(Watch.Reply.self)
                if parameters.event == nil { return parameters }
            }
        }
        #expect(reply == Watch.Reply())
        try daemon.cancel(id)
        try daemon.end(of: id)
    }
}
