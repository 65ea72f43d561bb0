import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Uploads as bytes, on a connection that is upgraded.
@Suite(.serialized, .daemon { try TestDaemon(runners: [.squeezenet]) }) struct ByteUploadTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Offer = DatasetsInterface.Offer
    private typealias Write = DatasetsInterface.Write
    private typealias Upload = DatasetsInterface.Upload

    /// Bytes that no other test uploads, and their checksum.
    private func file(_ count: Int, seed: UInt64) throws -> (bytes: [UInt8], sha256: String) {
        var generator = SeededGenerator(seed: 1_000 + seed)
        let bytes = generator.bytes(count)
        return (bytes, try Checksum.sha256(bytes))
    }

    private func call(_ sha256: String, _ size: Int, mode: String = #", "upgrade": true"#) -> String {
        #"{"method": "\#(Upload.name)", "parameters": {"sha256": "\#(sha256)", "size": \#(size)}\#(mode)}"#
    }

    /// A connection on which the upload may begin, at this offset.
    private func begin(_ sha256: String, _ size: Int, at offset: Int) throws -> RawConnection {
        let connection = try RawConnection(daemon)
        try connection.send(call(sha256, size))
        #expect(try connection.receive() == Self.reply(offset))
        return connection
    }

    private static func reply(_ offset: Int) -> Example.Reply {
        .init(parameters: ["offset": .integer(Int64(offset))])
    }

    private static func failure(_ error: SqzError) throws -> Example.Reply {
        let error = try error.wire(interface: DatasetsInterface.name)
        return .init(error: error.name, parameters: error.parameters.isEmpty ? nil : error.parameters)
    }

    /// Expects this last message, and the end of the connection.
    private func expectEnd(
        _ reply: Example.Reply, of connection: RawConnection, at location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try connection.receive() == reply, sourceLocation: location)
        #expect(try connection.receive() == nil, sourceLocation: location)
    }

    private func offered(_ sha256: String, _ size: Int) throws -> Int {
        try daemon.call(Offer.self, .init(sha256: sha256, size: size)).offset
    }

    private func path(_ sha256: String, _ size: Int) -> String {
        "\(daemon.state)/uploads/\(geteuid())-\(sha256)-\(size)"
    }

    @Test func aFileComesAsBytes() throws {
        // Far more than is read at once.
        let (bytes, sha256) = try file(20_000_003, seed: 1)
        let connection = try begin(sha256, bytes.count, at: 0)
        try connection.write(bytes)
        try expectEnd(Self.reply(bytes.count), of: connection)
        #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path(sha256, bytes.count)))) == bytes)
        // What is there is not sent again, in whichever way.
        #expect(try offered(sha256, bytes.count) == bytes.count)
        try expectEnd(Self.reply(bytes.count), of: try begin(sha256, bytes.count, at: bytes.count))
    }

    /// The largest that the daemon has been, in bytes: VmHWM of proc_pid_status(5).
    private func peak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(try #require(daemon.pid))/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.split(separator: " ")[1])) << 10
    }

    @Test func whatComesFasterThanTheDiskWaitsAtItsSender() throws {
        let (small, its) = try file(1 << 20, seed: 20)
        let first = try begin(its, small.count, at: 0)
        try first.write(small)
        try expectEnd(Self.reply(small.count), of: first)
        let before = try peak()
        let (bytes, sha256) = try file(96 << 20, seed: 21)
        let connection = try begin(sha256, bytes.count, at: 0)
        try connection.write(bytes)
        try expectEnd(Self.reply(bytes.count), of: connection)
        #expect(try peak() - before < 8 << 20)
    }

    @Test func callsComeBeforeAnUpload() throws {
        let (bytes, sha256) = try file(100, seed: 2)
        let connection = try RawConnection(daemon)
        try connection.send(#"{"method": "io.sqzd.Datasets.List"}"#)
        #expect(try connection.receive()?.error == nil)
        // An error leaves the connection as it is.
        try connection.send(call("abc", 100))
        #expect(try connection.receive()?.error == "\(DatasetsInterface.name).InvalidOption")
        try connection.send(call(sha256, 100))
        #expect(try connection.receive() == Self.reply(0))
        // Zeros are bytes like others.
        try connection.write(bytes)
        try expectEnd(Self.reply(100), of: connection)
    }

    @Test func withoutUpgradeItSaysWhatWouldBeRight() throws {
        let (_, sha256) = try file(100, seed: 3)
        let connection = try RawConnection(daemon)
        for mode in ["", #", "more": true"#, #", "upgrade": false"#] {
            try connection.send(call(sha256, 100, mode: mode))
            let reply = try connection.receive()
            #expect(reply?.error == "\(DatasetsInterface.name).InvalidOption")
            #expect(reply?.parameters?["option"] == .string("upgrade"))
        }
        #expect(!FileManager.default.fileExists(atPath: path(sha256, 100)))
    }

    @Test func whatCameBeforeACutIsKept() throws {
        let (bytes, sha256) = try file(3_000_000, seed: 4)
        let first = try begin(sha256, bytes.count, at: 0)
        try first.write(bytes[..<1_000_000])
        first.finishWriting()
        try expectEnd(try Self.failure(.wrongOffset(sha256: sha256, offset: 1_000_000)), of: first)
        // Goes on in chunks, and as bytes again.
        let data = Data(bytes[1_000_000..<1_500_000]).base64EncodedString()
        try daemon.call(Write.self, .init(sha256: sha256, offset: 1_000_000, data: data))
        do {
            // Gone without a word: as much of it is kept as had been read.
            let second = try begin(sha256, bytes.count, at: 1_500_000)
            try second.write(bytes[1_500_000..<2_000_000])
        }
        let third = try RawConnection(daemon)
        try third.send(call(sha256, bytes.count))
        let reply = try #require(try third.receive()).parameters?["offset"]
        guard case .integer(let offset)? = reply else {
            Issue.record("\(String(describing: reply))")
            return
        }
        #expect((1_500_000...2_000_000).contains(offset))
        try third.write(bytes[Int(offset)...])
        try expectEnd(Self.reply(bytes.count), of: third)
    }

    @Test func anUploadGoesOnAfterARestart() throws {
        let (bytes, sha256) = try file(2_000_000, seed: 5)
        let connection = try begin(sha256, bytes.count, at: 0)
        try connection.write(bytes[..<1_200_000])
        try daemon.stop()
        // All that was sent had arrived.
        try expectEnd(try Self.failure(.stopping), of: connection)
        try daemon.start()
        let next = try begin(sha256, bytes.count, at: 1_200_000)
        try next.write(bytes[1_200_000...])
        try expectEnd(Self.reply(bytes.count), of: next)
    }

    @Test func aWrongChecksumDropsTheUpload() throws {
        let (bytes, sha256) = try file(300_000, seed: 6)
        var other = bytes
        other[200_000] ^= 1
        let connection = try begin(sha256, bytes.count, at: 0)
        try connection.write(other)
        let found = try Checksum.sha256(other)
        try expectEnd(try Self.failure(.wrongChecksum(sha256: sha256, found: found)), of: connection)
        #expect(!FileManager.default.fileExists(atPath: path(sha256, bytes.count)))
        // The checksum is that of what was there before, too.
        try begin(sha256, bytes.count, at: 0).write(other[..<250_000])
        let offset = try offered(sha256, bytes.count)
        let again = try begin(sha256, bytes.count, at: offset)
        try again.write(other[offset...])
        try expectEnd(try Self.failure(.wrongChecksum(sha256: sha256, found: found)), of: again)
    }

    @Test func moreBytesThanWereStatedAreRefused() throws {
        let (bytes, sha256) = try file(1_000, seed: 7)
        let connection = try begin(sha256, 999, at: 0)
        try connection.write(bytes)
        try expectEnd(try Self.failure(.tooLarge(what: "bytes in this upload", limit: 999)), of: connection)
        #expect(try offered(sha256, 999) == 0)
    }

    @Test func bytesBeforeTheReplyAreRefused() throws {
        for early in [[1, 2, 3], [1, 0, 3]] as [[UInt8]] {
            let (_, sha256) = try file(3, seed: 8)
            let connection = try RawConnection(daemon)
            try connection.write(Array(call(sha256, 3).utf8) + [0] + early)
            #expect(try connection.receive() == Self.reply(0))
            try connection.write([4])
            #expect(try connection.receive() == nil)
            #expect(try offered(sha256, 3) == 0)
        }
    }

    @Test func theSameFileTwiceAtOnceIsSentOnce() throws {
        let (bytes, sha256) = try file(500_000, seed: 9)
        let first = try begin(sha256, bytes.count, at: 0)
        try first.write(bytes[..<200_000])
        let (second, third) = (try RawConnection(daemon), try RawConnection(daemon))
        try second.send(call(sha256, bytes.count))
        // Nor does a chunk come between.
        let write = Write.Parameters(sha256: sha256, offset: 0, data: Data(bytes[..<10]).base64EncodedString())
        let refused = try daemon.error(of: Write.self, write).flatMap { SqzError($0) }
        guard case .wrongOffset(sha256, _)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        first.finishWriting()
        try expectEnd(try Self.failure(.wrongOffset(sha256: sha256, offset: 200_000)), of: first)
        // The one that waited goes on from there, and the one after it has nothing to send.
        #expect(try second.receive() == Self.reply(200_000))
        try third.send(call(sha256, bytes.count))
        try second.write(bytes[200_000...])
        try expectEnd(Self.reply(bytes.count), of: second)
        #expect(try third.receive() == Self.reply(bytes.count))
        try expectEnd(Self.reply(bytes.count), of: third)
    }

    @Test func anotherSizeEndsTheUploadThatIsUnderWay() throws {
        let (bytes, sha256) = try file(1_000, seed: 10)
        let connection = try begin(sha256, bytes.count, at: 0)
        #expect(try offered(sha256, 2_000) == 0)
        try connection.write(bytes)
        try expectEnd(try Self.failure(.noSuchUpload(sha256: sha256)), of: connection)
    }

    @Test func onlySoManyComeAtTheSameTime() throws {
        var open: [RawConnection] = []
        for number in 0..<Limits.uploadsAtOnce {
            open.append(try begin(try file(10, seed: 1_000 + UInt64(number)).sha256, 10, at: 0))
        }
        let (bytes, sha256) = try file(10, seed: 11)
        let one = try RawConnection(daemon)
        try one.send(call(sha256, 10))
        let limit = Limits.uploadsAtOnce
        #expect(
            try one.receive()
                == Self.failure(.tooLarge(what: "uploads of yours at the same time", limit: limit)))
        // They wait for their clients, and keep nobody from anything.
        #expect(try offered(sha256, 10) == 0)
        open[0].finishWriting()
        while try open[0].receive() != nil {}
        try one.send(call(sha256, 10))
        #expect(try one.receive() == Self.reply(0))
        try one.write(bytes)
        try expectEnd(Self.reply(10), of: one)
    }

    @Test func whatIsAllThereIsReadBeforeItIsBelieved() throws {
        // As a daemon leaves it that was killed between the last byte and the checksum.
        let (bytes, sha256) = try file(1_000, seed: 12)
        var other = bytes
        other[0] ^= 1
        func place(_ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(fileURLWithPath: path(sha256, 1_000)))
        }
        let files = [File(name: "data_batch_1.bin", sha256: sha256)]
        try place(other)
        try daemon.expect(
            .wrongChecksum(sha256: sha256, found: try Checksum.sha256(other)), from: DatasetsInterface.Import.self,
            .init(name: "unread", files: files))
        try place(other)
        #expect(try offered(sha256, 1_000) == 0)
        try place(bytes)
        try expectEnd(Self.reply(1_000), of: try begin(sha256, 1_000, at: 1_000))
    }

    @Test func quotasAreThoseOfOffers() throws {
        let small = try TestDaemon(runners: [], configuration: ["userDiskMiB": .integer(1)])
        let connection = try RawConnection(small)
        let (bytes, sha256) = try file(700_000, seed: 13)
        func refusal(_ current: Int) throws -> Example.Reply {
            try Self.failure(
                .tooLarge(
                    what: "bytes of your uploads, data sets, models, checkpoints, logs and predictions on the disk",
                    limit: 1 << 20, current: current))
        }
        try connection.send(call(sha256, 1 << 20 + 1))
        #expect(try connection.receive() == refusal(0))
        try connection.send(call(sha256, Limits.uploadBytes + 1))
        let reply = try connection.receive()
        #expect(reply?.parameters?["what"] == .string("bytes in one upload"))
        let under = try RawConnection(small)
        try under.send(call(sha256, 700_000))
        #expect(try under.receive() == Self.reply(0))
        // It counts as it was announced.
        try connection.send(call(try file(1, seed: 14).sha256, 400_000))
        #expect(try connection.receive() == refusal(700_000))
        try under.write(bytes)
        try expectEnd(Self.reply(700_000), of: under)
        try small.stop()
    }
}
