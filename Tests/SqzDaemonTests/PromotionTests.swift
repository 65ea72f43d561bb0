import Foundation
import SqzProtocol
import Synchronization
import TestSupport
import Testing
import Varlink

/// Versions that names come to mean while they are used, and models that stay loaded.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        for seed in 1...3 {
            let job = try daemon.train(as: "m", options: ["seed": .integer(Int64(seed))])
            #expect(job.outcome?.model == "m@\(seed)")
        }
        return daemon
    }) struct PromotionTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Classify = InferenceInterface.Classify

    private static let images = Colours.records(8, seed: 5).map { Data($0).base64EncodedString() }

    private func model(_ text: String = "m") throws -> Model {
        try daemon.call(ModelsInterface.Show.self, .init(model: text)).model
    }

    private func loaded() throws -> Int {
        let pid = try #require(daemon.pid)
        return try ProcessTable.children(of: pid).count {
            ProcessTable.command(of: $0).last?.hasSuffix("sqz-runner-squeezenet") == true
        }
    }

    /// No call fails, and all answers of one are of the version that it names.
    @Test func namesChangeTheirMeaningUnderLoad() throws {
        let expected = try Dictionary(
            uniqueKeysWithValues: (1...3).map { version in
                let name = "m@\(version)"
                return (name, try daemon.call(Classify.self, .init(images: Self.images, model: name)).results)
            })
        #expect(expected["m@1"] != expected["m@2"] && expected["m@2"] != expected["m@3"])
        let isOver = Mutex(false)
        let seen = Mutex<[String: Int]>([:])
        let failures = Mutex<[String]>([])
        let callers = DispatchGroup()
        for _ in 0..<6 {
            callers.enter()
            Thread.detachNewThread {
                defer { callers.leave() }
                do {
                    let client = try self.daemon.client()
                    while !isOver.withLock({ $0 }) {
                        try client.send(Classify.self, .init(images: Self.images, model: "m"))
                        let reply = try client.receive(Classify.self, until: TestDaemon.deadline)
                            .parameters(Classify.Reply.self)
                        if reply.results != expected[reply.model] {
                            failures.withLock { $0.append("mixed: \(reply.model)") }
                        }
                        seen.withLock { $0[reply.model, default: 0] += 1 }
                    }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        defer {
            isOver.withLock { $0 = true }
            callers.wait()
        }
        for turn in 0..<20 {
            let version = turn % 3 + 1
            let promoted = try daemon.call(ModelsInterface.Promote.self, .init(model: "m@\(version)"))
            #expect(promoted.model == "m@\(version)")
            if turn % 5 == 4 {
                let back = try daemon.call(ModelsInterface.Rollback.self, .init(name: "m"))
                #expect(back.before == promoted.model && back.model == promoted.before)
            }
            // A call that begins after the answer is one of the new version.
            let now = try model().version
            #expect(try daemon.call(Classify.self, .init(images: Self.images, model: "m")).model == "m@\(now)")
        }
        isOver.withLock { $0 = true }
        callers.wait()
        #expect(failures.withLock { $0 } == [])
        #expect(seen.withLock { Set($0.keys) } == ["m@1", "m@2", "m@3"])
    }

    /// One that can't be loaded answers nobody.
    @Test func whatIsDamagedIsNotPromoted() throws {
        #expect(try daemon.train(as: "harm", options: ["seed": .integer(11)]).state == .succeeded)
        #expect(try daemon.train(as: "harm", options: ["seed": .integer(12)]).state == .succeeded)
        try daemon.call(ModelsInterface.Promote.self, .init(model: "harm@2"))
        let path = "\(daemon.state)/blobs/\(try model("harm@1").sha256)"
        #expect(chmod(path, 0o600) == 0)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seek(toOffset: 1_000)
        try handle.write(contentsOf: Data([1, 2, 3, 4]))
        try handle.close()
        for error in [
            try daemon.error(of: ModelsInterface.Promote.self, .init(model: "harm@1")),
            try daemon.error(of: ModelsInterface.Rollback.self, .init(name: "harm")),
            try daemon.error(of: ModelsInterface.Load.self, .init(model: "harm@1")),
        ] {
            #expect(error?.name == "io.sqzd.Models.Failed", "\(String(describing: error))")
        }
        #expect(try model("harm").version == 2)
    }

    @Test func whatIsPinnedStaysLoadedAndMovesWithItsName() throws {
        try daemon.call(ModelsInterface.Promote.self, .init(model: "m@1"))
        #expect(try daemon.call(ModelsInterface.Pin.self, .init(name: "m")).model == "m@1")
        #expect(try model().pinned == true && model().loaded == true)
        let reason = try daemon.expectInvalid("model", from: ModelsInterface.Unload.self, .init(model: "m@1"))
        #expect(reason.contains("is pinned"))
        // It moves with the promotion; the other is a model as any.
        try daemon.call(ModelsInterface.Promote.self, .init(model: "m@2"))
        #expect(try model("m@2").pinned == true && model("m@1").pinned == false)
        // After a start it is there before anybody asks.
        try daemon.stop()
        try daemon.start()
        #expect(try daemon.call(ModelsInterface.Load.self, .init(model: "m")).model == "m@2")
        #expect(try model("m@1").loaded == false && loaded() == 1)
        try daemon.call(ModelsInterface.Unpin.self, .init(name: "m"))
        #expect(try model().pinned == false)
        #expect(try daemon.call(ModelsInterface.Unload.self, .init(model: "m")).model == "m@2")
        #expect(try model().loaded == false)
        #expect(
            try daemon.expectInvalid("model", from: ModelsInterface.Unload.self, .init(model: "m@3"))
                == "m@3 is not loaded")
        try daemon.call(ModelsInterface.Promote.self, .init(model: "m"))
    }

    @Test func whatIsPinnedIsNotUnloadedWhenNobodyUsesIt() async throws {
        try await onThread {
            let daemon = try TestDaemon(configuration: ["unloadAfterSeconds": .integer(1)])
            try daemon.importColours()
            for (name, seed) in [("a", 1), ("b", 2)] {
                #expect(try daemon.train(as: name, options: ["seed": .integer(Int64(seed))]).state == .succeeded)
            }
            try daemon.call(ModelsInterface.Pin.self, .init(name: "a"))
            let pinned = try daemon.runnerProcess()
            try daemon.call(ModelsInterface.Load.self, .init(model: "b"))
            let pid = try #require(daemon.pid)
            let other = try #require(try ProcessTable.children(of: pid).first { $0 != pinned })
            #expect(try ProcessHandle(other).waitForEnd())
            #expect(try ProcessTable.children(of: pid) == [pinned])
            try daemon.call(ModelsInterface.Unpin.self, .init(name: "a"))
            #expect(try ProcessHandle(pinned).waitForEnd())
            try daemon.stop()
        }
    }

    /// A new version of a pinned name is loaded when it is made.
    @Test func whatAPinnedNameComesToMeanIsLoaded() throws {
        #expect(try daemon.train(as: "warm", options: ["seed": .integer(21)]).state == .succeeded)
        try daemon.call(ModelsInterface.Pin.self, .init(name: "warm"))
        #expect(try daemon.train(as: "warm", options: ["seed": .integer(22)]).state == .succeeded)
        #expect(try model("warm").version == 2 && model("warm").loaded == true)
        let removed = try daemon.call(ModelsInterface.Remove.self, .init(model: "warm", all: true))
        #expect(removed.removed == ["warm@2", "warm@1"] && removed.model == "warm@2")
        #expect(try !daemon.call(ModelsInterface.List.self, NoParameters()).models.contains { $0.name == "warm" })
        let tombstones = try daemon.call(ModelsInterface.Removed.self, NoParameters()).removed.prefix(2)
        #expect(tombstones.map(\.version).sorted() == [1, 2] && tombstones.allSatisfy { $0.removedBy == geteuid() })
    }

    @Test func tagsAreWords() throws {
        for tag in ["1", "2.5", "", "a b", "a/b", "a@b", ".a", String(repeating: "t", count: 65)] {
            try daemon.expectInvalid("tag", from: ModelsInterface.Tag.self, .init(model: "m@1", tag: tag))
        }
        #expect(try daemon.call(ModelsInterface.Tag.self, .init(model: "m@1", tag: "v1.0")).model == "m@1")
        #expect(try daemon.call(Classify.self, .init(images: Self.images, model: "m@v1.0")).model == "m@1")
        #expect(try daemon.call(ModelsInterface.Untag.self, .init(model: "m@v1.0")).model == "m@1")
    }
}
