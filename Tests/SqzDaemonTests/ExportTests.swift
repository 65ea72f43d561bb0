import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Exports whose runner or client does not do its part; one test takes as long as a client may.
@Suite struct ExportTests {
    private static let piece = Limits.chunkBytes

    /// A daemon with a model whose runner answers `Export` so; nil where it does not say that it exports.
    private func daemon(_ export: String?) throws -> TestDaemon {
        let daemon = try TestDaemon(runners: [
            .python(
                "odd", describe: "offer('odd', classifies=True\(export == nil ? "" : ", exports=True"))",
                others: export.map {
                    ["Export": "import base64\npiece = base64.b64encode(bytes(\(Self.piece))).decode()\n" + $0]
                } ?? [:])
        ])
        let bytes = Array("model".utf8)
        let sha256 = try Checksum.sha256(bytes)
        try daemon.call(DatasetsInterface.Offer.self, .init(sha256: sha256, size: bytes.count))
        try daemon.call(
            DatasetsInterface.Write.self, .init(sha256: sha256, offset: 0, data: Data(bytes).base64EncodedString()))
        try daemon.call(ModelsInterface.Import.self, .init(name: "m", sha256: sha256))
        return daemon
    }

    private func export(_ daemon: TestDaemon) throws -> [ModelsInterface.Export.Reply] {
        try daemon.stream(ModelsInterface.Export.self, .init(model: "m", format: "onnx"))
    }

    private func files(_ daemon: TestDaemon) throws -> Set<String> {
        let folders = ["blobs", "imports", "uploads", "jobs"]
        return Set(
            try folders.flatMap { folder in
                try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/\(folder)").map {
                    "\(folder)/\($0)"
                }
            })
    }

    @Test func aRunnerThatDoesNotExportIsNotAsked() throws {
        let daemon = try daemon(nil)
        let error = #expect(throws: (any Error).self) { try export(daemon) }
        #expect(String(describing: error).contains("runner odd writes models only as they are"))
        try daemon.stop()
    }

    @Test(arguments: [
        ("send({'data': piece, 'size': \(piece + 1)})", "it sent only \(piece) bytes of its file"),
        ("send({'data': piece, 'size': 5})", "it sent more than the 5 bytes of its file"),
        (
            "send({'data': piece, 'size': \(piece)}, continues=True); send({'data': piece, 'size': \(piece)})",
            "it sent more than the \(piece) bytes of its file"
        ),
        ("send({'data': piece + 'AAAA', 'size': \(2 * piece)})", "data is base64 of \(piece + 3) bytes"),
        ("send({'data': '', 'size': 0})", "data is base64 of 0 bytes"),
        ("send({'data': 'AAAA', 'size': \(Limits.exportBytes + 1)})", "size is \(Limits.exportBytes + 1)"),
        (
            "send({'data': 'AAAA', 'size': 3, 'module': 'x' * \(Limits.exportModuleBytes + 1)})",
            "the number of bytes in module is \(Limits.exportModuleBytes + 1)"
        ), ("sys.exit(1)", "odd"),
    ])
    func aRunnerThatLiesFails(export statements: String, reason: String) throws {
        let daemon = try daemon(statements)
        let error = #expect(throws: (any Error).self) { try export(daemon) }
        #expect(reason == "odd" || String(describing: error).contains(reason), "\(String(describing: error))")
        try daemon.stop()
    }

    private static let endless = """
        log('exporting')
        for _ in range(20): send({'data': piece, 'size': \(20 * piece)}, continues=_ < 19)
        """

    /// Begins an export that nobody reads.
    private func begin(_ daemon: TestDaemon) throws -> RawConnection {
        let connection = try RawConnection(daemon)
        try connection.send(
            #"{"method":"io.sqzd.Models.Export","parameters":{"model":"m","format":"onnx"},"more":true}"#)
        try daemon.wait(for: "exporting")
        return connection
    }

    @Test func aClientThatGoesLeavesNothingAndLetsTheNextOneIn() throws {
        let daemon = try daemon(Self.endless)
        let before = try files(daemon)
        var connection: RawConnection? = try begin(daemon)
        #expect(try connection?.receive()?.continues == true)
        #expect(try files(daemon) == before)
        connection = nil
        // Of one user the next waits until the one before has ended.
        let replies = try export(daemon)
        #expect(replies.count == 20 && replies.allSatisfy { $0.size == 20 * Self.piece })
        #expect(try files(daemon) == before)
        try daemon.stop()
    }

    @Test func aClientThatTakesNothingIsTold() throws {
        let daemon = try daemon(Self.endless)
        let start = ContinuousClock.now
        let connection = try begin(daemon)
        // Waits for the other's place.
        #expect(try export(daemon).count == 20)
        let limit = Duration.seconds(Limits.exportPieceSeconds)
        #expect(ContinuousClock.now - start > limit - .seconds(5))
        var last: Example.Reply?
        while let reply = try connection.receive() {
            last = reply
            if reply.continues != true { break }
        }
        #expect(last?.error == "io.sqzd.Models.Failed")
        try daemon.stop()
    }

    @Test func itIsAskedForWithMore() throws {
        let daemon = try daemon(Self.endless)
        let error = try daemon.error(of: ModelsInterface.Export.self, .init(model: "m", format: "onnx"))
        #expect(error.flatMap { ServiceError($0) } == .expectedMore)
        try daemon.stop()
    }
}
