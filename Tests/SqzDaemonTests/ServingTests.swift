import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// How a name's models are served: what is joined, how long for, by how many runners, and how long they stay.
@Suite struct ServingTests {
    private typealias Classify = InferenceInterface.Classify
    private typealias Serve = ModelsInterface.Serve

    /// A runner that says how many pictures each call has, and does then what `classify` says.
    private static func runner(_ classify: String = "") -> TestDaemon.Runner {
        .python(
            "warm", describe: "offer('make', classifies=True)",
            run: """
                with open(call['parameters']['directory'] + '/model', 'w') as file: file.write(call['parameters']['directory'])
                send({'result': {'model': {
                    'file': 'model', 'weightsSha256': '', 'architecture': '', 'bypass': '', 'classes': [], 'parameters': 0,
                    'multiplyAdds': 0, 'preprocessing': '', 'layers': []}}})
                """,
            others: [
                "Load": "send({})",
                "Classify": """
                count = len(call['parameters']['images'])
                log(f'classifying {count}')
                \(classify)
                send({'results': [{'classes': []}] * count})
                """,
            ])
    }

    private static func daemon(_ classify: String = "") throws -> TestDaemon {
        let daemon = try TestDaemon(runners: [runner(classify)])
        #expect(try daemon.end(of: daemon.submit(.init(kind: "make", model: "m"))).state == .succeeded)
        return daemon
    }

    private static func send(_ count: Int, _ daemon: TestDaemon, images: [String] = ["x"]) throws -> [Client] {
        try (0..<count).map { _ in
            let client = try daemon.client()
            try client.send(Classify.self, .init(images: images, model: "m"))
            return client
        }
    }

    private static func receive(_ clients: [Client]) throws {
        for client in clients {
            let reply = try client.receive(Classify.self, until: TestDaemon.deadline)
            #expect(try reply.parameters(Classify.Reply.self).results.count == 1)
        }
    }

    private static func batches(_ daemon: TestDaemon) -> [String] {
        daemon.reports.filter { $0.contains("classifying ") }.compactMap {
            $0.split(separator: " ").last.map(String.init)
        }
    }

    @Test func aDelayJoinsCallsOfSeveralCallers() async throws {
        try await onThread {
            let daemon = try Self.daemon()
            let standard = try daemon.call(ModelsInterface.Show.self, .init(model: "m")).serving
            #expect(standard == Serving(maxBatch: 64, maxDelay: 0, runners: 1, keep: 300))
            let set = try daemon.call(Serve.self, .init(name: "m", maxBatch: 5, maxDelay: 10_000)).serving
            #expect(set == Serving(maxBatch: 5, maxDelay: 10_000, runners: 1, keep: 300))
            #expect(try daemon.call(ModelsInterface.Show.self, .init(model: "m@1")).serving == set)
            // The fifth fills the batch, which waits no longer; one that comes after it waits on.
            let start = ContinuousClock.now
            try Self.receive(Self.send(5, daemon))
            let last = try Self.send(1, daemon)
            try daemon.wait(for: "classifying 5")
            #expect(Self.batches(daemon) == ["5"])
            #expect(ContinuousClock.now - start < .seconds(10), "a full batch waited for more")
            // What is set holds for what waits too.
            #expect(try daemon.call(Serve.self, .init(name: "m", maxDelay: 50)).serving.maxBatch == 5)
            try Self.receive(last)
            try daemon.wait(for: "classifying 1")
            let told = daemon.reports.count
            try Self.receive(Self.send(1, daemon))
            try daemon.wait(for: "classifying 1", after: told)
            #expect(Self.batches(daemon) == ["5", "1", "1"])
            try daemon.call(Serve.self, .init(name: "m", reset: true))
            #expect(try daemon.call(ModelsInterface.Show.self, .init(model: "m")).serving == standard)
            try daemon.stop()
        }
    }

    @Test func batchesAreAsLargeAsTheyMayBe() async throws {
        try await onThread {
            let gate = try ScratchDirectory()
            let daemon = try Self.daemon("while not os.path.exists('\(gate["open"])'): time.sleep(0.01)")
            try daemon.call(Serve.self, .init(name: "m", maxBatch: 3))
            let first = try Self.send(1, daemon)
            try daemon.wait(for: "classifying 1")
            let clients = try Self.send(8, daemon)
            // What was sent is read before what is sent now.
            for _ in 0..<5 { try daemon.call(ManagerInterface.Info.self, NoParameters()) }
            try gate.write("open", [])
            try Self.receive(first + clients)
            var sizes: [Int] = []
            let deadline = TestDaemon.deadline
            // What the runner said of the last one may come later than its answer.
            repeat {
                sizes = Self.batches(daemon).compactMap { Int($0) }
                try #require(.now < deadline, "\(sizes)")
            } while sizes.reduce(0, +) < 9
            #expect(sizes.reduce(0, +) == 9 && sizes.allSatisfy { $0 <= 3 } && sizes.contains(3), "\(sizes)")
            try daemon.stop()
        }
    }

    /// Each waits until the other has something to do, too.
    @Test func twoRunnersWorkAtTheSameTime() async throws {
        try await onThread {
            let meeting = try ScratchDirectory()
            let daemon = try Self.daemon(
                """
                open('\(meeting.path)/' + str(os.getpid()), 'w').close()
                while len(os.listdir('\(meeting.path)')) < 2: time.sleep(0.01)
                """)
            try daemon.call(Serve.self, .init(name: "m", maxBatch: 1, runners: 2))
            // They are not joined, and the first may have two before the other one is ready.
            try Self.receive(Self.send(3, daemon))
            // One that is killed is replaced when there is work, whichever it is; where the first is, both are.
            for place in 0..<2 {
                var runners: [pid_t] = []
                let deadline = TestDaemon.deadline
                // Those of before may not be gone yet.
                repeat {
                    runners = try ProcessTable.children(of: #require(daemon.pid))
                    try #require(.now < deadline)
                } while runners.count != 2
                let runner = runners[place]
                let handle = try ProcessHandle(runner)
                kill(runner, SIGKILL)
                #expect(handle.waitForEnd())
                for name in try meeting.names() { try FileManager.default.removeItem(atPath: meeting[name]) }
                try Self.receive(Self.send(3, daemon))
            }
            // Fewer are wanted: the other one ends, nobody having to wait for it.
            try daemon.call(Serve.self, .init(name: "m", runners: 1))
            let deadline = TestDaemon.deadline
            while try ProcessTable.children(of: #require(daemon.pid)).count != 1 { try #require(.now < deadline) }
            try daemon.stop()
        }
    }

    @Test func furtherRunnersAreFew() async throws {
        try await onThread {
            let daemon = try Self.daemon()
            let pid = try #require(daemon.pid)
            func runners(_ count: Int) throws {
                let deadline = TestDaemon.deadline
                while try ProcessTable.children(of: pid).count != count { try #require(.now < deadline) }
            }
            for number in 0..<3 {
                let name = "n\(number)"
                #expect(try daemon.end(of: daemon.submit(.init(kind: "make", model: name))).state == .succeeded)
                try daemon.call(Serve.self, .init(name: name, runners: 4))
                try daemon.call(ModelsInterface.Load.self, .init(model: name))
                try runners([4, 6, 7][number])
            }
            // What one model leaves the next ones have.
            try daemon.call(ModelsInterface.Unload.self, .init(model: "n0"))
            try runners(2 + Limits.furtherRunners)
            try daemon.stop()
        }
    }

    @Test func whatNobodyUsesStaysForAsLongAsItsNameSays() async throws {
        try await onThread {
            let daemon = try Self.daemon()
            try Self.receive(Self.send(1, daemon))
            let runner = try ProcessHandle(daemon.runnerProcess())
            // It was to stay for five minutes.
            #expect(try daemon.call(Serve.self, .init(name: "m", runners: 2, keep: 1)).serving.keep == 1)
            #expect(runner.waitForEnd())
            // Both end, the first one perhaps before it is looked at.
            try Self.receive(Self.send(1, daemon))
            for runner in try ProcessTable.children(of: #require(daemon.pid)) {
                do {
                    #expect(try ProcessHandle(runner).waitForEnd())
                } catch let error as SystemError {
                    #expect(error.code == ESRCH)
                }
            }
            try daemon.stop()
        }
    }

    @Test func aLoadedModelIsServedAsItsNewNameSays() async throws {
        try await onThread {
            let daemon = try Self.daemon()
            try Self.receive(Self.send(1, daemon))
            let before = try ProcessHandle(daemon.runnerProcess())
            try daemon.call(ModelsInterface.Rename.self, .init(name: "m", to: "n"))
            #expect(before.waitForEnd())
            #expect(try daemon.call(Classify.self, .init(images: ["x"], model: "n")).model == "n@1")
            let runner = try ProcessHandle(daemon.runnerProcess())
            try daemon.call(Serve.self, .init(name: "n", keep: 1))
            #expect(runner.waitForEnd())
            try daemon.stop()
        }
    }

    @Test func settingsAreBoundedAndStay() async throws {
        try await onThread {
            let daemon = try Self.daemon()
            let wrong: [(String, Serve.Parameters)] = [
                ("maxBatch", .init(name: "m", maxBatch: 0)), ("maxBatch", .init(name: "m", maxBatch: 1_025)),
                ("maxDelay", .init(name: "m", maxDelay: -1)), ("maxDelay", .init(name: "m", maxDelay: 10_001)),
                ("runners", .init(name: "m", runners: 0)), ("runners", .init(name: "m", runners: 5)),
                ("keep", .init(name: "m", keep: 0)), ("keep", .init(name: "m", keep: 86_401)),
            ]
            for (option, parameters) in wrong {
                let reason = try daemon.expectInvalid(option, from: Serve.self, parameters)
                #expect(reason.hasPrefix("must be from "), "\(reason)")
            }
            let set = try daemon.call(
                Serve.self, .init(name: "m", maxBatch: 1_024, maxDelay: 1, runners: 4, keep: 86_400))
            try daemon.stop()
            try daemon.start()
            #expect(try daemon.call(ModelsInterface.Show.self, .init(model: "m")).serving == set.serving)
            try daemon.stop()
        }
    }

    /// Where the time of a call went is told who asks, as far as the runner says it.
    @Test func timesAreToldWhoAsks() async throws {
        try await onThread {
            let daemon = try Self.daemon("time.sleep(0.2)")
            let plain = try daemon.call(Classify.self, .init(images: ["x"], model: "m"))
            #expect(plain.timings == nil)
            let asked = try daemon.call(Classify.self, .init(images: ["x"], model: "m", timings: true))
            let timings = try #require(asked.timings)
            #expect(timings.engine == nil && timings.batch >= 200_000 && timings.queue >= 0)
            // A call waits in the queue while the runner has two.
            let count = daemon.reports.count
            let first = try Self.send(1, daemon)
            try daemon.wait(for: "classifying 1", after: count)
            let second = try Self.send(1, daemon)
            for _ in 0..<5 { try daemon.call(ManagerInterface.Info.self, NoParameters()) }
            let third = try daemon.call(Classify.self, .init(images: ["x"], model: "m", timings: true))
            #expect(try #require(third.timings).batch >= 200_000)
            try Self.receive(first + second)
            try daemon.stop()
        }
    }
}
