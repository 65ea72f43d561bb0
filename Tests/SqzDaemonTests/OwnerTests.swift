import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Whose names are, over the socket, between two users.
@Suite(
    .serialized, .enabled(if: OtherUser.isAvailable, "another user can't be become"),
    .daemon {
        let daemon = try TestDaemon()
        #expect(chmod(daemon.socket, 0o666) == 0)
        try daemon.importColours()
        for _ in 1...2 { #expect(try daemon.train(as: "birds").state == .succeeded) }
        return daemon
    }) struct OwnerTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func other(_ method: String, _ parameters: [String: JSONValue]) throws -> String {
        try OtherUser.call(daemon, "io.sqzd." + method, .object(parameters))
    }

    private static let training: [String: JSONValue] = [
        "kind": .string("train"), "dataset": .string("colours"),
        "options": .object(["epochs": .integer(1), "batch-size": .integer(20)]),
    ]

    private func train(as name: String) throws -> String {
        try other("Jobs.Submit", Self.training.merging(["model": .string(name)]) { $1 })
    }

    @Test func whatIsNotOnesOwnIsNotChanged() throws {
        let name: JSONValue = .string("birds")
        let calls: [(String, [String: JSONValue])] = [
            ("Models.Promote", ["model": .string("birds@1")]), ("Models.Rollback", ["name": name]),
            ("Models.Tag", ["model": name, "tag": .string("live")]), ("Models.Untag", ["model": .string("birds@live")]),
            ("Models.Rename", ["name": name, "to": .string("cats")]), ("Models.Pin", ["name": name]),
            ("Models.Unpin", ["name": name]), ("Models.Serve", ["name": name, "runners": .integer(2)]),
            ("Models.Unload", ["model": name]),
            ("Models.Remove", ["model": .string("birds@1")]), ("Models.Remove", ["model": name, "all": .bool(true)]),
            ("Models.Give", ["name": name, "uid": .integer(Int64(OtherUser.uid))]),
            ("Datasets.Give", ["dataset": .string("colours"), "uid": .integer(Int64(OtherUser.uid))]),
        ]
        for (method, parameters) in calls {
            let reply = try other(method, parameters)
            #expect(reply.contains("org.varlink.service.PermissionDenied"), "\(method): \(reply)")
        }
        // Everybody may use it.
        #expect(try other("Models.Load", ["model": name]).contains(#""model":"birds@2""#))
        #expect(try other("Models.Show", ["model": name]).contains(#""owner":\#(geteuid())"#))
    }

    @Test func aDataSetsNameIsRefusedBeforeAnythingIsRead() throws {
        let path: JSONValue = .string("\(daemon.data)/nothing-there")
        let reply = try other("Datasets.Import", ["name": .string("colours"), "path": path])
        #expect(reply.contains("io.sqzd.Datasets.InvalidOption"), "\(reply)")
        #expect(reply.contains("belongs to uid \(geteuid()); right would be one of your own, as nobody/colours"))
        #expect(try other("Datasets.Import", ["name": .string("nobody/colours"), "path": path]).contains("NoSuchPath"))
    }

    @Test func aNameBeforeASlashIsAUsers() throws {
        let theirs = try train(as: "nobody/birds")
        let reply = try JSON.decode([String: JSONValue].self, from: Array(theirs.utf8))
        guard case .object(let parameters)? = reply["parameters"], case .integer(let id)? = parameters["id"] else {
            Issue.record("\(theirs)")
            return
        }
        #expect(try daemon.end(of: Int(id)).outcome?.model == "nobody/birds@1")
        #expect(try train(as: "root/birds").contains("the name root/birds belongs to uid 0; right would be"))
        #expect(try train(as: "no-such-user/birds").contains("there is no user no-such-user"))
        for wrong in ["a/b/c", "/birds", "nobody/", "nobody/.x", "nobody/" + String(repeating: "n", count: 65)] {
            #expect(try train(as: wrong).contains("a name is letters"), "\(wrong)")
        }
        // An administrator may, and the name is still that user's; a number is a user too.
        #expect(try daemon.train(as: "nobody/birds").outcome?.model == "nobody/birds@2")
        #expect(try daemon.train(as: "\(OtherUser.uid)/cats").outcome?.model == "\(OtherUser.uid)/cats@1")
        let named = try daemon.call(ModelsInterface.Show.self, .init(model: "\(OtherUser.uid)/cats")).model
        #expect(named.owner == OtherUser.uid && named.uid == geteuid())
        // What it means is its owner's, until another is promoted.
        #expect(try daemon.call(ModelsInterface.Show.self, .init(model: "nobody/birds")).model.version == 1)
    }

    @Test func administratorsGiveNamesAway() throws {
        #expect(try daemon.train(as: "gift").state == .succeeded)
        try daemon.call(ModelsInterface.Give.self, .init(name: "gift", uid: OtherUser.uid))
        #expect(try train(as: "gift").contains(#""id":"#))
        #expect(try other("Models.Promote", ["model": .string("gift@1")]).contains(#""model":"gift@1""#))
        // Who has the name may remove what others made under it.
        #expect(try other("Models.Remove", ["model": .string("gift"), "all": .bool(true)]).contains(#""gift@1""#))
        try daemon.importColours(as: "present", seed: 9)
        try daemon.call(DatasetsInterface.Give.self, .init(dataset: "present", uid: OtherUser.uid))
        #expect(try !other("Datasets.Remove", ["dataset": .string("present")]).contains("error"))
        #expect(
            try daemon.error(of: ModelsInterface.Give.self, .init(name: "birds", uid: -1))
                == ServiceError.invalidParameter(parameter: "uid").wire(interface: ServiceInterface.name))
        #expect(
            try daemon.expectInvalid("name", from: ModelsInterface.Give.self, .init(name: "birds@1", uid: 1))
                == "birds@1 is one version; right would be a name: birds")
    }
}
