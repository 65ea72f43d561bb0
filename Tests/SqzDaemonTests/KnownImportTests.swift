import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What was imported before is not uploaded again.
@Suite(.serialized, .daemon { try TestDaemon(runners: [.squeezenet]) }) struct KnownImportTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Import = DatasetsInterface.Import

    private func upload(_ bytes: [UInt8]) throws -> String {
        let sha256 = try Checksum.sha256(bytes)
        try daemon.call(DatasetsInterface.Offer.self, .init(sha256: sha256, size: bytes.count))
        try daemon.call(
            DatasetsInterface.Write.self,
            .init(sha256: sha256, offset: 0, data: Data(bytes).base64EncodedString()))
        return sha256
    }

    @Test func theSameFilesAreKnown() throws {
        let sha256 = try upload(Colours.records(20, seed: 77).flatMap { $0 })
        let files = [File(name: "data_batch_1.bin", sha256: sha256)]
        let first = try #require(try daemon.call(Import.self, .init(name: "first", files: files)).dataset)
        // The upload has gone, and the only reply comes without a runner.
        #expect(try daemon.stream(Import.self, .init(name: "first", files: files)) == [.init(dataset: first)])
        let second = try #require(try daemon.call(Import.self, .init(name: "second", files: files)).dataset)
        #expect(second.name == "second" && second.sha256 == first.sha256 && second.train == first.train)
        #expect(try daemon.call(DatasetsInterface.Show.self, .init(dataset: "second")).dataset == second)
        // Under other names, or with other classes, they are something else.
        let classes = (0..<10).map { "c\($0)" }
        try daemon.expect(
            .noSuchUpload(sha256: sha256), from: Import.self, .init(name: "first", files: files, classes: classes))
        try daemon.expect(
            .noSuchUpload(sha256: sha256), from: Import.self,
            .init(name: "first", files: [File(name: "test_batch.bin", sha256: sha256)]))

        // The file is there for as long as one of them is.
        try daemon.call(DatasetsInterface.Remove.self, .init(dataset: "first"))
        #expect(FileManager.default.fileExists(atPath: "\(daemon.state)/blobs/\(first.sha256)"))
        try daemon.stop()
        try daemon.start()
        #expect(try daemon.call(Import.self, .init(name: "third", files: files)).dataset?.sha256 == first.sha256)
        for name in ["second", "third"] { try daemon.call(DatasetsInterface.Remove.self, .init(dataset: name)) }
        try daemon.expect(.noSuchUpload(sha256: sha256), from: Import.self, .init(name: "first", files: files))
    }

    @Test func aNameOfOtherDataIsTaken() throws {
        let one = File(name: "data_batch_1.bin", sha256: try upload(Colours.records(20, seed: 78).flatMap { $0 }))
        let two = File(name: "data_batch_1.bin", sha256: try upload(Colours.records(20, seed: 79).flatMap { $0 }))
        try daemon.call(Import.self, .init(name: "one", files: [one]))
        try daemon.call(Import.self, .init(name: "two", files: [two]))
        try daemon.expect(.nameTaken(dataset: "two"), from: Import.self, .init(name: "two", files: [one]))
    }

    /// What was imported before that was recorded becomes known when it is imported once more.
    @Test func filesOfAPathBecomeKnown() throws {
        let records = Colours.records(20, seed: 80).flatMap { $0 }
        let path = try daemon.scratch.write("data/data_batch_1.bin", records)
        try daemon.call(Import.self, .init(name: "read", path: path))
        let files = [File(name: "data_batch_1.bin", sha256: try upload(records))]
        try daemon.call(Import.self, .init(name: "read", files: files))
        #expect(try daemon.call(Import.self, .init(name: "read", files: files)).dataset?.name == "read")
    }

    @Test func aNewNameNeedsRoom() throws {
        let daemon = try TestDaemon(runners: [.squeezenet], configuration: ["userDiskMiB": .integer(1)])
        let bytes = Colours.records(200, seed: 81).flatMap { $0 }
        let sha256 = try Checksum.sha256(bytes)
        try daemon.call(DatasetsInterface.Offer.self, .init(sha256: sha256, size: bytes.count))
        try daemon.call(
            DatasetsInterface.Write.self,
            .init(sha256: sha256, offset: 0, data: Data(bytes).base64EncodedString()))
        let files = [File(name: "data_batch_1.bin", sha256: sha256)]
        let size = try #require(try daemon.call(Import.self, .init(name: "a", files: files)).dataset).size
        #expect(size > 1 << 19 && size < 1 << 20)
        try daemon.expect(
            .tooLarge(
                what: "bytes of your uploads, data sets, models, checkpoints, logs and predictions on the disk",
                limit: 1 << 20, current: size),
            from: Import.self, .init(name: "b", files: files))
        try daemon.call(Import.self, .init(name: "a", files: files))
        try daemon.stop()
    }
}
