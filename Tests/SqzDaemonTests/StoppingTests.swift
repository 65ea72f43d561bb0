import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What a daemon that is told to end does with the calls that it has. Each test has a daemon of its own.
@Suite(.serialized) struct StoppingTests {
    /// Imports a byte when somebody writes into the pipe `go` of the daemon's state directory.
    private static let importer = TestDaemon.Runner.python(
        "importer", describe: "offer('x', imports=True)",
        others: [
            "Import": """
            output = call['parameters']['output']
            send({'pictures': 1}, continues=True)
            with open(output, 'w') as file:
                file.write(open(output.split('/imports/')[0] + '/go').read())
            send({'imported': {'format': 'x', 'train': 1, 'test': 0, 'classes': [], 'height': 1, 'width': 1}})
            """
        ])

    /// A daemon that has been told to end in the middle of an import, with calls behind it on the connection.
    private func stoppingDaemon(then calls: [String]) throws -> (TestDaemon, RawConnection) {
        let daemon = try TestDaemon(runners: [Self.importer])
        try daemon.scratch.write("data/file", [1])
        #expect(mkfifo(daemon.state + "/go", 0o600) == 0)
        let connection = try RawConnection(daemon)
        let first =
            #"{"method": "io.sqzd.Datasets.Import", "parameters": {"name": "x", "path": "\#(daemon.data)/file"}, "more": true}"#
        // In one go, so that all have come when the first one is being answered.
        try connection.write(([first] + calls).map { $0 + "\0" }.joined().utf8)
        #expect(try connection.receive()?.parameters == ["pictures": .integer(1)])
        daemon.signal(SIGTERM)
        try daemon.wait(for: "STOPPING=1")
        return (daemon, connection)
    }

    private func letGo(_ daemon: TestDaemon) throws {
        let pipe = open(daemon.state + "/go", O_WRONLY | O_CLOEXEC)
        guard pipe >= 0 else { throw SystemError(call: "open") }
        #expect(Glibc.write(pipe, "x", 1) == 1)
        close(pipe)
    }

    @Test func aCallThatIsBeingAnsweredIsAnsweredAndThoseBehindItAreRefusedByName() throws {
        let (daemon, connection) = try stoppingDaemon(then: [
            #"{"method": "io.sqzd.Jobs.Submit", "parameters": {"kind": "x"}}"#,
            #"{"method": "io.sqzd.Models.Import", "parameters": {"name": "x", "sha256": "x"}}"#,
            #"{"method": "io.sqzd.Datasets.List"}"#,
        ])
        try letGo(daemon)
        let reply = try connection.receive()
        #expect(reply?.error == nil && reply?.parameters?["dataset"] != nil && reply?.continues == nil)
        #expect(try connection.receive()?.error == "io.sqzd.Jobs.Stopping")
        #expect(try connection.receive()?.error == "io.sqzd.Models.Stopping")
        // What changes nothing is answered.
        guard case .array(let datasets)? = try connection.receive()?.parameters?["datasets"] else {
            Issue.record("no data sets")
            return
        }
        #expect(datasets.count == 1)
        #expect(try connection.receive() == nil)
        try daemon.stop()
        try daemon.start()
        #expect(try daemon.call(DatasetsInterface.List.self, NoParameters()).datasets.map(\.name) == ["x"])
        try daemon.stop()
    }
}
