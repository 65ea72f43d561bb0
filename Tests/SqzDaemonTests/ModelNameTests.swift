import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A model's name belongs to the user of its first version.
@Suite(.serialized, .enabled(if: OtherUser.isAvailable, "another user can't be become")) struct ModelNameTests {
    @Test func anotherUserIsRefusedByNameAndToldWhoseItIs() throws {
        let daemon = try TestDaemon()
        #expect(chmod(daemon.socket, 0o666) == 0)
        try daemon.importColours()
        #expect(try daemon.train().outcome?.model == "colours@1")
        let refusal = "the name colours belongs to uid \(geteuid()); right would be one of your own, as nobody/colours"
        for model in ["colours", nil] {
            let reply = try OtherUser.call(
                daemon, "io.sqzd.Jobs.Submit",
                .object(["kind": .string("train"), "model": model.map { .string($0) } ?? .null]))
            #expect(reply.contains("io.sqzd.Jobs.InvalidOption") && reply.contains(refusal), "\(reply)")
        }
        let imported = try OtherUser.call(
            daemon, "io.sqzd.Models.Import",
            .object(["name": .string("colours"), "sha256": .string(String(repeating: "0", count: 64))]))
        #expect(imported.contains("io.sqzd.Models.InvalidOption") && imported.contains(refusal), "\(imported)")
        try daemon.stop()
    }

    @Test func whoIsSecondToFinishUnderANewNameFails() throws {
        let daemon = try TestDaemon()
        #expect(chmod(daemon.socket, 0o666) == 0)
        try daemon.importColours()
        let blocker = try daemon.block()
        let options: JSONValue = .object(["epochs": .integer(1), "batch-size": .integer(20)])
        let reply = try OtherUser.call(
            daemon, "io.sqzd.Jobs.Submit",
            .object(["kind": .string("train"), "model": .string("new"), "options": options]))
        let theirs = try JSON.decode([String: JSONValue].self, from: Array(reply.utf8))
        guard case .object(let parameters)? = theirs["parameters"], case .integer(let id)? = parameters["id"] else {
            Issue.record("\(reply)")
            return
        }
        let mine = try daemon.submit(
            .init(
                kind: "train", options: ["epochs": .integer(1), "batch-size": .integer(20)], model: "new", priority: 1))
        try daemon.cancel(blocker)
        #expect(try daemon.end(of: mine).outcome?.model == "new@1")
        let job = try daemon.end(of: Int(id))
        #expect(job.state == .failed)
        #expect(
            job.reason
                == "model: the name new belongs to uid \(geteuid()); right would be one of your own, as nobody/new")
        try daemon.stop()
    }
}
