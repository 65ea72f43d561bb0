import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What clients see of a daemon that stops.
@Suite struct StopTests {
    private typealias Classify = InferenceInterface.Classify

    /// Classifies as slowly as a picture says, in seconds.
    private static let runner = TestDaemon.Runner.python(
        "warm", describe: "offer('make', classifies=True)",
        run: """
            with open(call['parameters']['directory'] + '/model', 'w') as file: file.write('model')
            send({'result': {'model': {
                'file': 'model', 'weightsSha256': '', 'architecture': '', 'bypass': '', 'classes': [], 'parameters': 0,
                'multiplyAdds': 0, 'preprocessing': '', 'layers': []}}})
            """,
        others: [
            "Load": "send({})",
            "Classify": """
            log('classifying')
            time.sleep(float(call['parameters']['images'][0]))
            send({'results': [{'classes': []}]})
            """,
        ])

    @Test func callsThatHaveComeAreAnsweredAndNoOthersAreTaken() async throws {
        try await onThread {
            let daemon = try TestDaemon(runners: [Self.runner])
            #expect(try daemon.end(of: daemon.submit(.init(kind: "make", model: "m"))).state == .succeeded)
            let idle = try daemon.client()
            try idle.send(ManagerInterface.Info.self, NoParameters())
            _ = try idle.receive(ManagerInterface.Info.self, until: TestDaemon.deadline)
            let busy = try daemon.client()
            // The second waits in the connection until the first is answered.
            for _ in 0..<2 { try busy.send(Classify.self, .init(images: ["0.5"], model: "m")) }
            try daemon.wait(for: "classifying")

            daemon.signal(SIGTERM)
            // An idle connection is closed at once, a busy one when its calls are answered.
            #expect(throws: ConnectionError.closed) {
                try idle.receive(ManagerInterface.Info.self, until: TestDaemon.deadline)
            }
            // As soon as the daemon has come to it, no call is taken; those that were before are answered.
            var taken = 2
            #expect(throws: ConnectionError.closed) {
                while true {
                    try busy.send(Classify.self, .init(images: ["0"], model: "m"))
                    taken += 1
                }
            }
            for _ in 0..<taken {
                let reply = try busy.receive(Classify.self, until: TestDaemon.deadline)
                #expect(try reply.parameters(Classify.Reply.self).results.count == 1)
            }
            try daemon.stop()
        }
    }

    @Test func aCallThatHangsDoesNotKeepItFromStopping() async throws {
        try await onThread {
            let daemon = try TestDaemon(runners: [Self.runner])
            #expect(try daemon.end(of: daemon.submit(.init(kind: "make", model: "m"))).state == .succeeded)
            let client = try daemon.client()
            try client.send(Classify.self, .init(images: ["1000"], model: "m"))
            try daemon.wait(for: "classifying")
            try daemon.stop()
            // Who waited is told why there is no answer.
            #expect(try client.receive(Classify.self, until: TestDaemon.deadline).error == "io.sqzd.Inference.Stopping")
        }
    }

    @Test(arguments: [false, true]) func whoWaitsForAStoppedRunnerIsTold(more: Bool) async throws {
        try await onThread {
            let daemon = try TestDaemon(runners: [Self.runner])
            #expect(try daemon.end(of: daemon.submit(.init(kind: "make", model: "m"))).state == .succeeded)
            let clients = try (0..<3).map { _ in try daemon.client() }
            try daemon.call(ModelsInterface.Load.self, .init(model: "m"))
            #expect(kill(try daemon.runnerProcess(), SIGSTOP) == 0)
            for client in clients {
                try client.send(Classify.self, .init(images: ["0"], model: "m"), mode: more ? .more : .one)
            }
            // What was sent is read before what is sent now.
            for _ in 0..<5 { try daemon.call(ManagerInterface.Info.self, NoParameters()) }
            try daemon.stop()
            for client in clients {
                let reply = try client.receive(Classify.self, until: TestDaemon.deadline)
                #expect(reply.error == "io.sqzd.Inference.Stopping")
                #expect(throws: ConnectionError.closed) {
                    try client.receive(Classify.self, until: TestDaemon.deadline)
                }
            }
        }
    }

    /// sd_notify(3): systemd is told that the daemon goes on stopping, however long a runner's step takes.
    @Test func itAsksForTimeWhileItStops() async throws {
        try await onThread {
            let daemon = try TestDaemon(runners: [.countdown])
            _ = try daemon.block()
            daemon.signal(SIGTERM)
            try daemon.wait(for: "STOPPING=1")
            try daemon.wait(for: "EXTEND_TIMEOUT_USEC=15000000")
            try daemon.stop()
        }
    }
}
