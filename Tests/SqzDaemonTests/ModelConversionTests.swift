import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What becomes of a user's model when the runner that converts it fails or lies.
@Suite struct ModelConversionTests {
    private static let model = """
        model = {'file': 'm', 'weightsSha256': '', 'architecture': 'x', 'bypass': '', 'classes': [], 'parameters': 0,
                 'multiplyAdds': 0, 'preprocessing': '', 'layers': []}
        parameters = call['parameters']

        """

    /// A daemon whose runner answers `Convert` so; without an answer it only inspects.
    private func daemon(_ convert: String?) throws -> TestDaemon {
        try TestDaemon(runners: [
            .python(
                "odd", describe: "offer('odd', classifies=True\(convert == nil ? "" : ", converts=True"))",
                others: convert.map { ["Convert": Self.model + $0] } ?? [:])
        ])
    }

    private func upload(_ text: String, to daemon: TestDaemon) throws -> String {
        let bytes = Array(text.utf8)
        let sha256 = try Checksum.sha256(bytes)
        try daemon.call(DatasetsInterface.Offer.self, .init(sha256: sha256, size: bytes.count))
        try daemon.call(
            DatasetsInterface.Write.self, .init(sha256: sha256, offset: 0, data: Data(bytes).base64EncodedString()))
        return sha256
    }

    private func names(_ folder: String, of daemon: TestDaemon) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/\(folder)")
    }

    @Test func whatIsWrittenIsRegisteredAndTheUploadGoes() throws {
        let daemon = try daemon(
            """
            open(parameters['output'], 'w').write('ours')
            send({'model': {**model, 'classes': parameters['classes']}, 'remarks': ['said ' + parameters['preprocessing']]})
            """)
        let sha256 = try upload("theirs", to: daemon)
        let reply = try daemon.call(
            ModelsInterface.Import.self, .init(name: "m", sha256: sha256, classes: ["a", "b"], preprocessing: "so"))
        #expect(reply.remarks == ["said so"] && reply.model.classes == ["a", "b"])
        #expect(try reply.model.sha256 == Checksum.sha256(Array("ours".utf8)) && reply.model.size == 4)
        #expect(try names("imports", of: daemon) == [] && names("uploads", of: daemon) == [])
        #expect(try names("blobs", of: daemon) == [reply.model.sha256])
        try daemon.stop()
    }

    @Test(arguments: [
        // It ends in the middle, writes nothing, writes what is no file of its own, and says what can't be.
        "open(parameters['output'] + '.tmp', 'w').write('x'); open(parameters['output'], 'w').write('x'); sys.exit(1)",
        "send({'model': model})", "os.symlink('/etc/passwd', parameters['output']); send({'model': model})",
        "open(parameters['output'], 'w').write('x'); send({'model': {**model, 'parameters': -1}})",
        "open(parameters['output'], 'w').write('x'); send({'model': {**model, 'classes': ['c' * 999]}})",
    ])
    func aFailureLeavesNothing(convert: String) throws {
        let daemon = try daemon(convert)
        let sha256 = try upload("theirs", to: daemon)
        #expect(throws: (any Error).self) {
            try daemon.call(ModelsInterface.Import.self, .init(name: "m", sha256: sha256))
        }
        #expect(try daemon.call(ModelsInterface.List.self, NoParameters()).models.isEmpty)
        #expect(try names("imports", of: daemon) == [] && names("blobs", of: daemon) == [])
        // The caller may try again.
        #expect(try names("uploads", of: daemon).count == 1)
        try daemon.stop()
    }

    /// Neither the disk nor the user's uploads are taken up for a day by what was refused.
    @Test func whatIsRefusedForAWordDoesNotWait() throws {
        let daemon = try daemon("send({'option': 'preprocessing', 'reason': 'must be so'}, error='InvalidOption')")
        for (name, word) in [("m", "tourchvision"), ("no name", nil), ("nobody-of-this-name/m", nil), ("-", nil)] {
            let sha256 = try upload("theirs", to: daemon)
            #expect(throws: (any Error).self) {
                try daemon.call(
                    ModelsInterface.Import.self, .init(name: name, sha256: sha256, preprocessing: word))
            }
            #expect(try names("uploads", of: daemon) == [], "\(name)")
        }
        try daemon.stop()
    }

    @Test func aRunnerThatOnlyInspectsTakesNoChoices() throws {
        let daemon = try daemon(nil)
        let sha256 = try upload("ours", to: daemon)
        let error = #expect(throws: (any Error).self) {
            try daemon.call(ModelsInterface.Import.self, .init(name: "m", sha256: sha256, classes: ["a"]))
        }
        #expect(String(describing: error).contains("runner odd takes models only as they are"))
        #expect(try names("uploads", of: daemon) == [])
        _ = try upload("ours", to: daemon)
        let reply = try daemon.call(ModelsInterface.Import.self, .init(name: "m", sha256: sha256))
        #expect(reply.model.sha256 == sha256 && reply.remarks == nil)
        try daemon.stop()
    }
}
