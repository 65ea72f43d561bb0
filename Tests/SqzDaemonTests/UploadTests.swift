import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

@Suite(.serialized, .daemon { try TestDaemon(runners: [.squeezenet]) }) struct UploadTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Offer = DatasetsInterface.Offer
    private typealias Write = DatasetsInterface.Write

    /// Bytes that no other test uploads, and their checksum.
    private func file(_ count: Int, seed: UInt64) throws -> (bytes: [UInt8], sha256: String) {
        var generator = SeededGenerator(seed: seed)
        let bytes = generator.bytes(count)
        return (bytes, try Checksum.sha256(bytes))
    }

    private func write(_ bytes: some Collection<UInt8>, at offset: Int, of sha256: String) throws -> Int {
        try daemon.call(Write.self, chunk(bytes, at: offset, of: sha256)).offset
    }

    private func chunk(_ bytes: some Collection<UInt8>, at offset: Int, of sha256: String) -> Write.Parameters {
        .init(sha256: sha256, offset: offset, data: Data(bytes).base64EncodedString())
    }

    private var uploads: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: daemon.state + "/uploads") }
    }

    @Test func chunksArePipelined() throws {
        let (bytes, sha256) = try file(300_000, seed: 1)
        let client = try daemon.client()
        try client.send(Offer.self, .init(sha256: sha256, size: bytes.count))
        let offsets = Array(stride(from: 0, to: bytes.count, by: 7_001))
        for offset in offsets {
            try client.send(Write.self, chunk(bytes[offset..<min(offset + 7_001, bytes.count)], at: offset, of: sha256))
        }
        #expect(try client.receive(Offer.self).parameters(Offer.Reply.self).offset == 0)
        for offset in offsets {
            let reply = try client.receive(Write.self, until: TestDaemon.deadline).parameters(Write.Reply.self)
            #expect(reply.offset == min(offset + 7_001, bytes.count))
        }
        // Offered again, it is known to be there.
        #expect(try daemon.call(Offer.self, .init(sha256: sha256, size: bytes.count)).offset == bytes.count)
    }

    @Test func whatIsSaidOfAFilesSizeLastCounts() throws {
        let (bytes, sha256) = try file(1_000, seed: 99)
        try daemon.call(Offer.self, .init(sha256: sha256, size: 5_000))
        #expect(try write(bytes[..<100], at: 0, of: sha256) == 100)
        #expect(try daemon.call(Offer.self, .init(sha256: sha256, size: bytes.count)).offset == 0)
        #expect(try uploads.filter { $0.contains(sha256) } == ["\(geteuid())-\(sha256)-\(bytes.count)"])
        #expect(try write(bytes, at: 0, of: sha256) == bytes.count)
    }

    @Test(arguments: [false, true]) func anUploadGoesOnAfterARestart(killed: Bool) throws {
        let (bytes, sha256) = try file(50_000, seed: killed ? 2 : 3)
        #expect(try daemon.call(Offer.self, .init(sha256: sha256, size: bytes.count)).offset == 0)
        #expect(try write(bytes[..<20_000], at: 0, of: sha256) == 20_000)
        if killed { daemon.kill() } else { try daemon.stop() }
        try daemon.start()
        #expect(try daemon.call(Offer.self, .init(sha256: sha256, size: bytes.count)).offset == 20_000)
        #expect(try write(bytes[20_000...], at: 20_000, of: sha256) == bytes.count)
    }

    @Test func aWrongChecksumDropsTheUpload() throws {
        let (bytes, sha256) = try file(1_000, seed: 4)
        var other = bytes
        other[500] ^= 1
        try daemon.call(Offer.self, .init(sha256: sha256, size: bytes.count))
        try daemon.expect(
            .wrongChecksum(sha256: sha256, found: try Checksum.sha256(other)), from: Write.self,
            chunk(other, at: 0, of: sha256))
        #expect(try !uploads.contains { $0.contains(sha256) })
        try daemon.expect(.noSuchUpload(sha256: sha256), from: Write.self, chunk(bytes, at: 0, of: sha256))
    }

    @Test func aChunkMustBeWhereTheUploadStands() throws {
        let (bytes, sha256) = try file(1_000, seed: 5)
        try daemon.call(Offer.self, .init(sha256: sha256, size: bytes.count))
        for offset in [1, -1, Int.max] {
            try daemon.expect(
                .wrongOffset(sha256: sha256, offset: 0), from: Write.self, chunk(bytes[..<10], at: offset, of: sha256))
        }
        #expect(try write(bytes[..<10], at: 0, of: sha256) == 10)
        try daemon.expect(
            .wrongOffset(sha256: sha256, offset: 10), from: Write.self, chunk(bytes[..<10], at: 0, of: sha256))
        try daemon.expect(
            .tooLarge(what: "bytes in this upload", limit: 1_000), from: Write.self,
            chunk(bytes, at: 10, of: sha256))
        #expect(try write(bytes[10...], at: 10, of: sha256) == 1_000)
    }

    @Test func whatIsNoUploadIsRefused() throws {
        let sha256 = String(repeating: "a", count: 64)
        for wrong in ["", "abc", sha256.uppercased(), sha256 + "a", String(repeating: "/", count: 64)] {
            try daemon.expectInvalid("sha256", from: Offer.self, .init(sha256: wrong, size: 1))
        }
        for size in [0, -1] { try daemon.expectInvalid("size", from: Offer.self, .init(sha256: sha256, size: size)) }
        try daemon.expect(.noSuchUpload(sha256: sha256), from: Write.self, chunk([1], at: 0, of: sha256))
        try daemon.expect(
            .noSuchUpload(sha256: sha256), from: DatasetsInterface.Import.self,
            .init(name: "x", files: [File(name: "f", sha256: sha256)]))
        let (_, known) = try file(10, seed: 6)
        try daemon.call(Offer.self, .init(sha256: known, size: 10))
        let error = try daemon.error(of: Write.self, .init(sha256: known, offset: 0, data: "no base64"))
        #expect(
            error
                == VarlinkError(
                    name: "\(ServiceInterface.name).InvalidParameter", parameters: ["parameter": .string("data")]))
    }

    @Test func halfAnUploadCannotBeImported() throws {
        let (bytes, sha256) = try file(1_000, seed: 7)
        try daemon.call(Offer.self, .init(sha256: sha256, size: bytes.count))
        #expect(try write(bytes[..<10], at: 0, of: sha256) == 10)
        try daemon.expect(
            .wrongOffset(sha256: sha256, offset: 10), from: DatasetsInterface.Import.self,
            .init(name: "x", files: [File(name: "f", sha256: sha256)]))
    }

    @Test func twoFilesMayHaveTheSameBytes() throws {
        let bytes = Colours.records(10, seed: 12).flatMap { $0 }
        let sha256 = try Checksum.sha256(bytes)
        try daemon.call(Offer.self, .init(sha256: sha256, size: bytes.count))
        #expect(try write(bytes, at: 0, of: sha256) == bytes.count)
        let files = ["data_batch_1.bin", "test_batch.bin"].map { File(name: $0, sha256: sha256) }
        let dataset = try daemon.call(DatasetsInterface.Import.self, .init(name: "same", files: files)).dataset
        #expect(dataset?.train == 10 && dataset?.test == 10)
    }

    @Test func uploadedFilesBecomeADatasetAndGo() throws {
        let files = [
            ("data_batch_1.bin", Colours.records(50, seed: 8).flatMap { $0 }),
            ("test_batch.bin", Colours.records(20, seed: 9).flatMap { $0 }),
            ("batches.meta.txt", Array(Colours.classes.joined(separator: "\n").utf8)),
        ]
        let uploaded = try files.map { name, bytes in
            let sha256 = try Checksum.sha256(bytes)
            try daemon.call(Offer.self, .init(sha256: sha256, size: bytes.count))
            #expect(try write(bytes, at: 0, of: sha256) == bytes.count)
            return File(name: name, sha256: sha256)
        }
        let replies = try daemon.stream(DatasetsInterface.Import.self, .init(name: "uploaded", files: uploaded))
        let dataset = try #require(replies.last?.dataset)
        #expect(dataset.name == "uploaded" && dataset.format == "cifar-10" && dataset.classes == Colours.classes)
        #expect(dataset.train == 50 && dataset.test == 20 && dataset.height == 32 && dataset.width == 32)
        #expect(try !uploads.contains { name in uploaded.contains { name.contains($0.sha256) } })
        #expect(try FileManager.default.contentsOfDirectory(atPath: daemon.state + "/imports") == [])
        #expect(FileManager.default.fileExists(atPath: "\(daemon.state)/blobs/\(dataset.sha256)"))
    }
}
