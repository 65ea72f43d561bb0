import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What is done with models' names and versions, as a user does it.
@Suite(.serialized) struct ModelVerbTests {
    private let daemon: TestDaemon

    init() throws {
        daemon = try TestDaemon()
        try daemon.importColours()
        for seed in 1...3 {
            // Versions of other weights have runners of their own.
            let job = try daemon.train(as: "m", options: ["seed": .integer(Int64(seed))])
            #expect(job.state == .succeeded)
        }
    }

    private func people(_ words: String...) throws -> String {
        let transcript = try Sqzctl.run(socket: daemon.socket, words)
        transcript.expect(0)
        return transcript.output
    }

    @Test func aNameMeansWhatIsPromoted() throws {
        #expect(try people("model", "promote", "m@1") == "m is m@1; before it was m@3\n")
        #expect(try people("model", "promote", "m@2") == "m is m@2; before it was m@1\n")
        #expect(try people("model", "rollback", "m") == "m is m@1; before it was m@2\n")
        let reply = try Sqzctl.run(daemon, "--json", "model", "rollback", "m").reply(
            ModelsInterface.Rollback.Reply.self)
        #expect(reply == .init(model: "m@3", before: "m@1"))
        #expect(try people("model", "tag", "m@2", "live") == "m@live is m@2\n")
        #expect(try people("model", "tag", "m@1", "live") == "m@live is m@1; before it was m@2\n")
        let models = try people("models")
        #expect(models.contains("m@3    yes             "), "\(models)")
        #expect(models.contains("m@1              live  "), "\(models)")
        let shown = try people("model", "show", "m@live")
        #expect(shown.contains("promoted        no: m is another version"), "\(shown)")
        #expect(shown.contains("tags            live"), "\(shown)")
        #expect(try people("model", "untag", "m@live") == "m@live is no more; it was m@1\n")
        try Sqzctl.run(daemon, "model", "show", "m@live").expect(
            66, "there is no model m@live; there are: m@3, m@2, m@1")
        try Sqzctl.run(daemon, "model", "tag", "m@1", "7").expect(64, "tag: ", "letters")
        try Sqzctl.run(daemon, "model", "promote", "m@9").expect(66, "m@9")
        try Sqzctl.run(daemon, "model", "rollback", "m@1").expect(64, "right would be a name: m")
        #expect(try people("model", "promote", "m") == "m is m@3\n")

        #expect(try people("model", "rename", "m", "n") == "model m is called n\n")
        #expect(try people("model", "show", "m").contains("n@3"))
        try Sqzctl.run(daemon, "model", "rename", "n", "a/b/c").expect(64, "to: ", "letters")
        let id = try people("train", "--model", "m", "--epochs", "1", "--batch-size", "20").dropLast()
        #expect(try daemon.end(of: #require(Int(id))).outcome?.model == "n@4")
    }

    @Test func whatIsRemovedIsSaid() throws {
        try Sqzctl.run(daemon, "model", "rm", "m").expect(
            64, "sqzctl: model m: m has 3 versions: m@3, m@2, m@1; right would be one of them, or all (--all)\n")
        #expect(try people("model", "rm", "m@2") == "model m@2 removed\n")
        let sha256 = try #require(try daemon.call(ModelsInterface.Removed.self, NoParameters()).removed.first).sha256
        try Sqzctl.run(daemon, "model", "show", "m@2").expect(66, "removed on 20", "UTC by root (sha256 \(sha256))")
        #expect(try people("model", "rm", "m", "--all") == "model m@3 removed\nmodel m@1 removed\n")
        let lines = try people("models", "--removed").split(separator: "\n")
        #expect(lines.count == 4 && lines[0].hasPrefix("MODEL") && lines[0].contains("SHA256"))
        #expect(Set(lines.dropFirst().map { $0.prefix(3) }) == ["m@1", "m@2", "m@3"])
        #expect(try daemon.train(as: "m").outcome?.model == "m@4")
        #expect(try people("dataset", "rm", "colours") == "data set colours removed\n")
        try Sqzctl.run(daemon, "dataset", "show", "colours").expect(
            66, "no data set colours: it was removed on 20", "by root")
    }

    @Test func modelsAreLoadedAndStaySo() throws {
        #expect(try people("model", "load", "m@1", "m") == "model m@1 is loaded\nmodel m@3 is loaded\n")
        #expect(try people("models").contains("LOADED"))
        #expect(try people("model", "pin", "m") == "model m stays loaded: m@3\n")
        #expect(try people("models").contains("m@3    pinned"))
        try Sqzctl.run(daemon, "model", "unload", "m@2", "m").expect(
            64, "m@2 is not loaded", "m@3 is pinned; unpin it before")
        #expect(try people("model", "unload", "m@1") == "model m@1 is unloaded\n")
        #expect(try people("model", "unpin", "m") == "model m is not pinned\n")
    }

    @Test func howModelsAreServedIsSetAndShown() throws {
        #expect(
            try people("model", "show", "m").contains(
                "64 pictures together at most, no delay, 1 runner, kept for 5 min 0 s"))
        #expect(
            try people("model", "set", "m", "--max-batch", "128", "--max-delay", "5", "--runners", "2", "--keep", "1h")
                == "model m is served with 128 pictures together at most, a delay of 5 ms at most, 2 runners, kept for 1 h 0 min\n"
        )
        try Sqzctl.run(daemon, "model", "set", "m").expect(64, "give what to set: --max-batch")
        try Sqzctl.run(daemon, "model", "set", "m", "--runners", "5").expect(64, "runners: must be from 1 to 4, is 5")
        try Sqzctl.run(daemon, "model", "set", "m@1", "--reset").expect(
            64, "m@1 is one version; right would be a name: m")
        #expect(try people("model", "set", "m", "--reset").contains("64 pictures together"))
    }

    @Test(.enabled(if: OtherUser.isAvailable, "another user can't be become"))
    func othersAreToldWhoseANameIs() throws {
        #expect(chmod(daemon.socket, 0o666) == 0)
        func other(_ words: String...) throws -> Transcript {
            try Sqzctl.run(socket: daemon.socket, words, launcher: OtherUser.launcher)
        }
        try other("train", "--model", "m").expect(
            64, "the name m belongs to root; right would be one of your own, as nobody/m")
        try other("model", "promote", "m@1").expect(77, "not permitted")
        try other("model", "give", "m", "nobody").expect(77, "not permitted")
        #expect(try people("model", "give", "m", "nobody") == "the name m belongs to nobody\n")
        #expect(try other("model", "promote", "m@1").output == "m is m@1; before it was m@3\n")
        #expect(try people("model", "show", "m").contains("name of         nobody"))
        #expect(try people("dataset", "give", "colours", "\(OtherUser.uid)") == "the name colours belongs to nobody\n")
        try Sqzctl.run(daemon, "model", "give", "m", "no-such-user").expect(64, "no user no-such-user")
        // A slash may be in a data set's name.
        try daemon.importColours(as: "nobody/tints", seed: 3)
        #expect(
            try people("evaluate", "--data", "nobody/tints", "--model", "m@1", "--split", "train", "--follow").contains(
                "200 images"))
    }
}
