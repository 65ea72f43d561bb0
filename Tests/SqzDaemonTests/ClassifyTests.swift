import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Classifying at once, on models that are kept loaded.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        for name in ["old", "new"] { #expect(try daemon.train(as: name).state == .succeeded) }
        return daemon
    }) struct ClassifyTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Classify = InferenceInterface.Classify

    private static let records = Colours.records(20, seed: 99)
    private static func image(_ index: Int) -> String { Data(records[index]).base64EncodedString() }
    private static func unlabelled(_ index: Int) -> String { Data(records[index].dropFirst()).base64EncodedString() }

    @Test func aPictureComesWithItsLabelOrWithout() throws {
        let images = [Self.image(3), Self.unlabelled(3)]
        let reply = try daemon.call(Classify.self, .init(images: images, top: 10))
        #expect(reply.model == "new@1")
        #expect(reply.results.map(\.label) == [3, nil])
        #expect(reply.results[0].classes == reply.results[1].classes)
        for result in reply.results {
            #expect(Set(result.classes.map(\.name)) == Set(Colours.classes))
            #expect(result.classes.allSatisfy { Colours.classes[$0.index] == $0.name })
            let probabilities = result.classes.map(\.probability)
            #expect(probabilities == probabilities.sorted(by: >))
            #expect(abs(probabilities.reduce(0, +) - 1) < 1e-5)
        }
    }

    @Test func severalPicturesAreWhatEachIsAlone() throws {
        let together = try daemon.call(Classify.self, .init(images: (0..<20).map(Self.image), model: "old"))
        #expect(together.model == "old@1" && together.results.count == 20)
        for index in 0..<20 {
            let alone = try daemon.call(Classify.self, .init(images: [Self.image(index)], model: "old@1"))
            #expect(alone.results == [together.results[index]])
            #expect(alone.results[0].label == index % 10 && alone.results[0].classes.count == 5)
        }
    }

    /// Of a real runner the engine's time is known; who does not ask is told none.
    @Test func timesAreThoseOfTheCall() throws {
        let start = ContinuousClock.now
        let reply = try daemon.call(
            Classify.self, .init(images: (0..<20).map(Self.image), model: "old", timings: true))
        let whole = Int((ContinuousClock.now - start) / .microseconds(1))
        let timings = try #require(reply.timings)
        let engine = try #require(timings.engine)
        #expect(engine > 0 && timings.batch > 0 && timings.queue + timings.batch + engine <= whole)
        #expect(reply.results.count == 20)
        #expect(try daemon.call(Classify.self, .init(images: [Self.image(0)], model: "old")).timings == nil)
        #expect(try daemon.call(Classify.self, .init(images: [], model: "old", timings: true)).timings == nil)
    }

    /// What is sent to the runner as it is can't be anything but a picture's text.
    @Test(arguments: ["\"", "\\", "\n", "\"],\"top\":1,\"x\":[\"", "ü", "\u{10FFFF}0", "a\u{1}"])
    func whatIsNoBase64IsOneBadPicture(part: String) throws {
        let good = Self.unlabelled(3)
        for bad in [part, good + part, part + good] {
            let reply = try daemon.call(Classify.self, .init(images: [good, bad, good], skipBad: true))
            #expect(reply.results.map(\.problem) == [nil, "is not base64", nil])
            #expect(reply.results[0].classes == reply.results[2].classes && !reply.results[0].classes.isEmpty)
        }
    }

    @Test func manyClientsAtOnceGetTheirOwnAnswers() throws {
        let expected = try daemon.call(Classify.self, .init(images: (0..<20).map(Self.image))).results
        let clients = try (0..<100).map { _ in try daemon.client() }
        for (index, client) in clients.enumerated() {
            // Of those that go to the runner together, one is bad now and then, and some ask for another number.
            let image = index % 10 == 9 ? "AAAA" : Self.image(index % 20)
            try client.send(Classify.self, .init(images: [image], top: index % 7 == 0 ? 2 : 5))
        }
        for (index, client) in clients.enumerated() {
            let reply = try client.receive(Classify.self, until: TestDaemon.deadline)
            guard index % 10 == 9 else {
                let result = try #require(try reply.parameters(Classify.Reply.self).results.first)
                let wanted = expected[index % 20]
                #expect(result.label == wanted.label)
                #expect(result.classes == Array(wanted.classes.prefix(index % 7 == 0 ? 2 : 5)))
                continue
            }
            #expect(reply.error == "io.sqzd.Inference.BadImage")
        }
    }

    /// Calls with one picture go a shorter way than others.
    @Test func nothingOvertakesASinglePicture() throws {
        func call(_ image: String) -> String {
            #"{"method": "\#(Classify.name)", "parameters": {"images": ["\#(image)"], "model": "old"}}"#
        }
        try daemon.call(Classify.self, .init(images: [Self.image(0)], model: "old"))
        let info = #"{"method": "\#(ManagerInterface.Info.name)"}"#
        let connection = try RawConnection(daemon)
        // In one go, so that all have come when the first one is being answered.
        let calls = [call(Self.image(1)), info, call("AAAA"), call(Self.image(2)), info, info, call(Self.image(3))]
        try connection.write(calls.map { $0 + "\0" }.joined().utf8)
        connection.finishWriting()
        let replies = try calls.map { _ in try #require(try connection.receive()) }
        #expect(try connection.receive() == nil)
        #expect(replies.map { $0.parameters?["results"] != nil } == [true, false, false, true, false, false, true])
        #expect(replies.map { $0.parameters?["version"] != nil } == [false, true, false, false, true, true, false])
        #expect(replies[2].error == "io.sqzd.Inference.BadImage")
    }

    /// A runner that is held up begins nothing: who has waited for long enough is told so, and who has gone away is forgotten.
    @Test func callsWaitForAsLongAsTheirCallersWant() throws {
        try daemon.call(Classify.self, .init(images: [Self.image(0)], model: "old"))
        let runners = try ProcessTable.children(of: try #require(daemon.pid)).filter {
            ProcessTable.command(of: $0).last?.hasSuffix("sqz-runner-squeezenet") == true
        }
        let clients = try (0..<3).map { _ in try daemon.client() }
        for pid in runners { kill(pid, SIGSTOP) }
        defer { for pid in runners { kill(pid, SIGCONT) } }
        // The runner has one call as large as may be: a smaller one waits.
        let full = (0..<Limits.imagesPerBatch).map { Self.image($0 % 20) }
        let (before, deadline) = (try batches(), TestDaemon.deadline)
        try clients[0].send(Classify.self, .init(images: full, model: "old"))
        while try batches() == before { try #require(ContinuousClock.now < deadline) }
        let error = #expect(throws: VarlinkError.self) {
            try daemon.call(Classify.self, .init(images: [Self.image(2)], model: "old", timeout: 50))
        }
        #expect(error == (try SqzError.timedOut(timeout: 50).wire(interface: InferenceInterface.name)))
        try clients[1].send(Classify.self, .init(images: [Self.image(4)], model: "old", timeout: 3_600_000))
        try clients[2].send(Classify.self, .init(images: full, model: "old"))
        for pid in runners { kill(pid, SIGCONT) }
        for (client, count) in zip(clients, [full.count, 1, full.count]) {
            let reply = try client.receive(Classify.self, until: TestDaemon.deadline)
            #expect(try reply.parameters(Classify.Reply.self).results.count == count)
        }
        for timeout in [0, -1, 3_600_001] {
            #expect(throws: VarlinkError.self) {
                try daemon.call(Classify.self, .init(images: [Self.image(0)], timeout: timeout))
            }
        }
    }

    /// How many calls went to runners.
    private func batches() throws -> Int {
        let reply = try daemon.call(ManagerInterface.Metrics.self, NoParameters())
        return try #require(reply.histograms).filter { $0.name == "sqzd_model_batch_images" }.reduce(0) {
            $0 + $1.count
        }
    }

    @Test func tooManyWaitingCallsAreRefusedAsBusy() throws {
        try daemon.call(Classify.self, .init(images: [Self.image(0)], model: "old"))
        let pid = try #require(daemon.pid)
        // The warm runners are held up, so that calls pile up behind the batch that one of them has.
        let runners = try ProcessTable.children(of: pid).filter {
            ProcessTable.command(of: $0).last?.hasSuffix("sqz-runner-squeezenet") == true
        }
        try #require(!runners.isEmpty)
        for runner in runners { kill(runner, SIGSTOP) }
        defer { for runner in runners { kill(runner, SIGCONT) } }
        // Where all come before the runner is sent any, its two calls are full.
        let count = 2 * Limits.imagesPerBatch + Limits.waitingCalls + 40
        let connections = try (0..<count).map { _ in try RawConnection(daemon) }
        let call = #"{"method": "\#(Classify.name)", "parameters": {"images": ["\#(Self.image(0))"], "model": "old"}}"#
        for connection in connections { try connection.send(call) }
        // The first answers can but be refusals; when one is there, as many wait as may.
        var watched = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        try #require(poll(&watched, nfds_t(watched.count), 60_000) > 0)
        for runner in runners { kill(runner, SIGCONT) }
        let replies = try connections.map { try #require(try $0.receive()) }
        let refused = replies.filter { $0.error != nil }
        #expect(refused.allSatisfy { $0.error == "io.sqzd.Inference.Busy" })
        for refusal in refused {
            let told = try #require(refusal.parameters)
            #expect(told["limit"] == .integer(Int64(Limits.waitingCalls)))
            #expect(told["place"] == .integer(Int64(Limits.waitingCalls + 1)))
            // The first call told how long one takes.
            guard case .integer(1...)? = told["seconds"] else {
                Issue.record("\(told)")
                continue
            }
        }
        #expect(!refused.isEmpty && replies.count - refused.count >= Limits.waitingCalls)
    }

    /// One's own newest goes before the administrator's default, which others get.
    @Test(.enabled(if: OtherUser.isAvailable, "another user can't be become"))
    func theDefaultModelIsOnesOwnNewestElseTheConfiguredOne() throws {
        #expect(chmod(daemon.socket, 0o666) == 0)
        func other() throws -> String { try OtherUser.call(daemon, Classify.name, .object(["images": .array([])])) }
        #expect(try daemon.call(Classify.self, .init(images: [])).model == "new@1")
        let asked = try other()
        #expect(asked.contains("io.sqzd.Inference.NoModels") && asked.contains(#""known":["new","old"]"#), "\(asked)")
        try daemon.configure(["defaultModel": .string("old")])
        try daemon.reload()
        #expect(try other().contains(#""model":"old@1""#))
        #expect(try daemon.call(Classify.self, .init(images: [Self.image(0)])).model == "new@1")
        #expect(try daemon.call(Classify.self, .init(images: [Self.image(0)], model: "new")).model == "new@1")
        try daemon.configure([:])
        try daemon.reload()
        #expect(try daemon.call(Classify.self, .init(images: [])).model == "new@1")
    }

    @Test func badPicturesAreNamed() throws {
        let good = Self.image(0)
        let bad: [(String, String)] = [
            (Data(count: 3_071).base64EncodedString(), "3071"), ("AAAA", "3 bytes"), ("", "0 bytes"),
            ("no base64!", "base64"),
        ]
        for (image, words) in bad {
            let error = try daemon.error(of: Classify.self, .init(images: [good, good, image, good]))
            guard case .badImage(2, let reason)? = error.flatMap({ SqzError($0) }) else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(reason.contains(words), "\(reason)")
        }
        #expect(try daemon.call(Classify.self, .init(images: [good])).results.count == 1)
    }

    @Test func badPicturesAreToldOfSinglyWhereThatIsWanted() throws {
        let long = String(repeating: "A", count: (Limits.imageBytes + 2) / 3 * 4 + 4)
        let bad = [Data(count: 3_071).base64EncodedString(), long, "no base64!"]
        let images = [bad[0], Self.image(4), bad[1], bad[2], Self.unlabelled(7), bad[2]]
        let results = try daemon.call(Classify.self, .init(images: images, skipBad: true)).results
        #expect(results.count == images.count)
        for (index, words) in [(0, "3071"), (2, "12000000"), (3, "base64"), (5, "base64")] {
            #expect(results[index].problem?.contains(words) == true && results[index].classes.isEmpty)
        }
        let good = try daemon.call(Classify.self, .init(images: [images[1], images[4]])).results
        #expect([results[1], results[4]] == good && good.allSatisfy { $0.problem == nil })
        // None is left for the runner.
        #expect(try daemon.call(Classify.self, .init(images: [long], skipBad: true)).results.count == 1)
    }

    @Test func unknownModelsAreRefused() throws {
        try daemon.expect(
            .noSuchModel(model: "nothing", known: ["new", "old"], makers: nil), from: Classify.self,
            .init(images: [Self.image(0)], model: "nothing"))
        for top in [0, -1, 1_001] {
            let error = try daemon.error(of: Classify.self, .init(images: [Self.image(0)], top: top))
            #expect(
                error
                    == VarlinkError(
                        name: "\(ServiceInterface.name).InvalidParameter", parameters: ["parameter": .string("top")]),
                "\(String(describing: error))")
        }
    }

    @Test func aKilledRunnerIsReplaced() throws {
        let before = try daemon.call(Classify.self, .init(images: [Self.image(1)]))
        let pid = try #require(daemon.pid)
        for runner in try ProcessTable.children(of: pid) {
            let handle = try ProcessHandle(runner)
            kill(runner, SIGKILL)
            #expect(handle.waitForEnd())
        }
        let after = try daemon.call(Classify.self, .init(images: [Self.image(1)]))
        #expect(after == before)
    }
}
