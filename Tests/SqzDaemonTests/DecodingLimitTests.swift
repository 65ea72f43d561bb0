import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What a call's pictures take decoded, through the daemon and the real runner.
@Suite(.serialized, .daemon(trained: "tints")) struct DecodingLimitTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Classify = InferenceInterface.Classify

    private static let records = Colours.records(10, seed: 99).map { Data($0).base64EncodedString() }

    /// So large that a runner looks at `count` of it in a call.
    private static func large(_ count: Int) throws -> String {
        let side = Int((Double(Limits.decodedValues / 3 / count)).squareRoot()) - 1
        try #require((count + 1) * 3 * side * side > Limits.decodedValues)
        return Data(try LargePicture.png(side: side)).base64EncodedString()
    }

    @Test func whatTakesSeveralTurnsIsAnsweredInItsOrder() throws {
        let large = try Self.large(4)
        // 12 large ones among 10 with labels, and one that is none.
        var images = (0..<10).flatMap { [Self.records[$0], large] } + [large, "AAAA", large]
        images.append(Self.records[7])
        func check(_ results: [Classification]) {
            #expect(results.count == images.count && results.allSatisfy { $0.again == nil })
            #expect(results.map(\.label) == (0..<10).flatMap { [$0, nil] } + [nil, nil, nil, 7])
            #expect(results.indices.filter { results[$0].problem != nil } == [21])
            #expect(
                Set(results.indices.filter { images[$0] == large }.map { results[$0].classes[0].probability }).count
                    == 1)
        }
        check(try daemon.call(Classify.self, .init(images: images, top: 1, skipBad: true)).results)
        let replies = try daemon.stream(Classify.self, .init(images: images, top: 1, skipBad: true))
        #expect(replies.count == 3)
        check(replies.flatMap(\.results))
        // The bad one's place is that in the whole call.
        let error = try daemon.error(of: Classify.self, .init(images: images)).flatMap { SqzError($0) }
        guard case .badImage(21, _)? = error else { throw try #require(error) }
    }

    @Test func whatIsBeyondACallIsToBeSentAgain() throws {
        let count = Limits.turnsPerCall
        let images = Array(repeating: try Self.large(1), count: count) + [Self.records[3]]
        // The last turn has room for a record, which takes none, but not for a large one.
        #expect(try daemon.call(Classify.self, .init(images: images, skipBad: true)).results.last?.label == 3)
        let more = Array(images.prefix(count)) + images
        let results = try daemon.call(Classify.self, .init(images: more, skipBad: true)).results
        #expect(results.map { $0.again == true } == more.indices.map { $0 >= count })
        #expect(results.map { $0.problem == nil } == more.indices.map { $0 < count })
        #expect(results.allSatisfy { $0.classes.isEmpty == ($0.problem != nil) })
        let error = try daemon.error(of: Classify.self, .init(images: more)).flatMap { SqzError($0) }
        guard case .badImage(count, let reason)? = error else { throw try #require(error) }
        #expect(reason.contains("was not looked at") && reason.contains("send it again"))
    }

    /// They wait while the runner is held up, and go to it together.
    @Test func aCallersLargePicturesAreNotTheOthersTrouble() throws {
        try daemon.call(Classify.self, .init(images: [Self.records[0]]))
        let pid = try #require(daemon.pid)
        let runner = try #require(try ProcessTable.children(of: pid).last)
        kill(runner, SIGSTOP)
        defer { kill(runner, SIGCONT) }
        let large = try Self.large(1)
        let calls = [[Self.records[1]], [large, large, Self.records[2]], [Self.records[3], large], [Self.records[4]]]
        let clients = try calls.map { images in
            let client = try daemon.client()
            try client.send(Classify.self, .init(images: images, top: 1))
            return client
        }
        try daemon.call(ManagerInterface.Info.self, NoParameters())
        kill(runner, SIGCONT)
        let labels = try clients.map { client in
            try client.receive(Classify.self, until: TestDaemon.deadline).parameters(Classify.Reply.self).results
                .map(\.label)
        }
        #expect(labels == [[1], [nil, nil, 2], [3, nil], [4]])
    }
}

/// How calls are joined, by a runner that looks at two pictures of a call, and says how many it was sent.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon(runners: [
            .python(
                "two", describe: "offer('make', classifies=True)", run: made,
                others: [
                    "Load": "sys.stdout.write('{}\\0'); sys.stdout.flush()",
                    "Classify": """
                    images = call['parameters']['images']
                    log(f"sent {[image[:1] for image in images]}")
                    # The first one of all holds up the others until they wait, too.
                    if images[0] == 'wait': open(images[1]).read()
                    limit = 0 if images[0] == 'none' else 64 if len(images[0]) > 999 else 2
                    send({'results': [
                        {'classes': [{'index': 0, 'name': image[:1], 'probability': 1}]} if index < limit else
                        {'classes': [], 'problem': 'again', 'again': True} for index, image in enumerate(images)]})
                    """,
                ])
        ])
        #expect(try daemon.end(of: daemon.submit(.init(kind: "make", model: "two"))).state == .succeeded)
        return daemon
    }) struct JoinedCallTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Classify = InferenceInterface.Classify

    /// What the runner was sent, and the names of the classes that each call was answered with.
    private func joined(_ calls: [[String]]) throws -> (sent: [String], answers: [[String]]) {
        let count = daemon.reports.count
        let gate = daemon.scratch["gate-\(count)"]
        try #require(mkfifo(gate, 0o600) == 0)
        // The runner has two calls.
        let clients = try ([["wait", gate], ["x", "x"]] + calls).map { images in
            let client = try daemon.client()
            try client.send(Classify.self, .init(images: images))
            if images[0] == "wait" { try daemon.wait(for: "sent ['w', '/']", after: count) }
            // What was sent is read before what is sent now, by the thread that all of a user's connections have; a call with one
            // picture would wait before others that were sent at the same time.
            for _ in 0..<5 { try daemon.call(ManagerInterface.Info.self, NoParameters()) }
            return client
        }
        try FileHandle(forWritingTo: URL(fileURLWithPath: gate)).close()
        let answers = try clients.dropFirst(2).map { client in
            try client.receive(Classify.self, until: TestDaemon.deadline).parameters(Classify.Reply.self).results
                .map { $0.classes.first?.name ?? "" }
        }
        // What a runner says and what it answers come by ways of their own: all is said when what it says last is.
        try daemon.call(Classify.self, .init(images: ["z"]))
        try daemon.wait(for: "sent ['z']", after: count)
        let sent = daemon.reports.dropFirst(count).compactMap { line in
            line.range(of: "sent [").map { line[$0.upperBound...].prefix { $0 != "]" }.filter(\.isLetter) }
        }
        return (Array(sent.dropFirst(2).dropLast()), answers)
    }

    @Test func whoeverWasNotFirstIsFirstInTheNextCall() throws {
        let calls = [["a", "b", "c"], ["d"], ["e", "f", "g"]]
        let (sent, answers) = try joined(calls)
        #expect(answers == calls)
        // All together at first. Each of the others is one of the two that are looked at in one of the next two calls.
        #expect(sent.first?.count == 7, "\(sent)")
        for first in ["a", "d", "e"] { #expect(sent.prefix(3).contains { $0.prefix(2).contains(first) }, "\(sent)") }
    }

    @Test func callsOfManyBytesAreNotJoined() throws {
        let letters = ["a", "b", "c", "d", "e"]
        let (sent, answers) = try joined(letters.map { [String(repeating: $0, count: Limits.bytesPerBatch * 2 / 5)] })
        // Two fit into a batch. On a busy machine one may come when the others have gone.
        #expect(sent.allSatisfy { (1...2).contains($0.count) } && sent.joined().count == letters.count, "\(sent)")
        #expect(answers == letters.map { [$0] })
    }

    @Test func aRunnerThatLooksAtNothingFails() throws {
        let error = try daemon.error(of: Classify.self, .init(images: ["none"])).flatMap { SqzError($0) }
        guard case .runnerFailed(let reason)? = error else { throw try #require(error) }
        #expect(reason.contains("left pictures out"))
    }
}

private let made = """
    with open(call['parameters']['directory'] + '/model', 'w') as file: file.write('two')
    send({'result': {'model': {
        'file': 'model', 'weightsSha256': '', 'architecture': '', 'bypass': '', 'classes': [], 'parameters': 0,
        'multiplyAdds': 0, 'preprocessing': '', 'layers': []}}})
    """
