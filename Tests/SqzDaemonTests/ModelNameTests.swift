import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A model's name belongs to the user of its first version.
@Suite(.serialized, .enabled(if: OtherUser.isAvailable, "another user can't be become")) struct ModelNameTests {
    /// What another user's call is answered with.
    private func callAsOther(_ daemon: TestDaemon, _ method: String, _ parameters: JSONValue) throws -> String {
        let script = """
            import json, socket, sys
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(sys.argv[1])
            call = {"method": sys.argv[2], "parameters": json.loads(sys.argv[3])}
            connection.sendall(json.dumps(call).encode() + bytes(1))
            print(connection.recv(65536)[:-1].decode())
            """
        let transcript = try Transcript.run(
            OtherUser.launcher + [
                "env", "PATH=/usr/bin:/bin", "python3", "-c", script, daemon.socket, method,
                String(decoding: try JSON.encode(parameters), as: UTF8.self),
            ])
        #expect(transcript.ending == .exited(0), "\(transcript.errors)")
        return transcript.output
    }

    @Test func anotherUserIsRefusedByNameAndToldWhoseItIs() throws {
        let daemon = try TestDaemon()
        #expect(chmod(daemon.socket, 0o666) == 0)
        try daemon.importColours()
        #expect(try daemon.train().outcome?.model == "colours@1")
        let refusal = "the name colours belongs to uid \(geteuid()), who used it first; choose another"
        for model in ["colours", nil] {
            let reply = try callAsOther(
                daemon, "io.sqzd.Jobs.Submit",
                .object(["kind": .string("train"), "model": model.map { .string($0) } ?? .null]))
            #expect(reply.contains("io.sqzd.Jobs.InvalidOption") && reply.contains(refusal), "\(reply)")
        }
        let imported = try callAsOther(
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
        let reply = try callAsOther(
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
            job.reason == "model: the name new belongs to uid \(geteuid()), who used it first; choose another")
        try daemon.stop()
    }
}
