import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// `sqzctl classify`: files, standard input, and what is no picture.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        #expect(try daemon.train(as: "tints").state == .succeeded)
        return daemon
    }) struct ClassifyTests
{
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    private static let records = Colours.records(10, seed: 55)

    @Test func aFileWithItsLabelOrWithout() throws {
        let labelled = try scratch.write("labelled.bin", Self.records[2])
        let text = try Sqzctl.run(daemon, "classify", labelled)
        text.expect(0)
        #expect(text.lines.first == "\(labelled), labelled blue (tints@1)")
        #expect(text.lines.count == 6 && text.lines.dropFirst().allSatisfy { $0.contains(" %") })
        let bare = try scratch.write("bare.bin", Array(Self.records[2].dropFirst()))
        let other = try Sqzctl.run(daemon, "classify", bare)
        #expect(other.lines.first == "\(bare) (tints@1)")
        #expect(other.lines.dropFirst() == text.lines.dropFirst())
    }

    @Test func severalFilesAndStandardInput() throws {
        let files = try (0..<3).map { try scratch.write("\($0).bin", Self.records[$0]) }
        let transcript = try Sqzctl.run(
            daemon, "classify", files[0], "-", files[1], files[2], "--top", "1", "--model", "tints",
            input: Self.records[9])
        transcript.expect(0)
        #expect(transcript.lines.count == 8)
        #expect(transcript.lines.dropFirst(2).first == "-, labelled azure (tints@1)")
        let reply = try Sqzctl.run(daemon, "--json", "classify", files[0], "-", input: Self.records[9])
            .reply(InferenceInterface.Classify.Reply.self)
        #expect(reply.model == "tints@1" && reply.results.map(\.label) == [0, 9])
        #expect(
            try reply
                == daemon.call(
                    InferenceInterface.Classify.self,
                    .init(images: [Self.records[0], Self.records[9]].map { Data($0).base64EncodedString() })))
    }

    @Test func whatIsNoPictureIsBadData() throws {
        let good = try scratch.write("good.bin", Self.records[0])
        let short = try scratch.write("short.bin", [UInt8](repeating: 0, count: 3_071))
        try Sqzctl.run(daemon, "classify", good, short).expect(65, short, "3071", "3072", "3073")
        let long = try scratch.write("long.bin", [UInt8](repeating: 0, count: 3_074))
        try Sqzctl.run(daemon, "classify", long).expect(65, long, "3,073")
        let empty = try scratch.write("empty.bin", [])
        try Sqzctl.run(daemon, "classify", empty).expect(65, empty)
        try Sqzctl.run(daemon, "classify", "-", input: [1, 2, 3]).expect(65, "-", "3 bytes")
    }

    @Test func whatIsNotThereIsNoInput() throws {
        try Sqzctl.run(daemon, "classify", scratch["nothing.bin"]).expect(66, "nothing.bin", "No such file")
        let good = try scratch.write("good.bin", Self.records[0])
        try Sqzctl.run(daemon, "classify", good, "--model", "nothing").expect(66, "no model nothing", "tints")
        try Sqzctl.run(daemon, "classify", good, "--model", "tints@7").expect(66, "tints@7")
        try Sqzctl.run(daemon, "classify", good, "--top", "0").expect(64, "top")
    }

    @Test func moreThanTheLimitIsRefused() throws {
        let good = try scratch.write("g", Self.records[0])
        let words = ["classify"] + Array(repeating: good, count: Limits.imagesPerCall + 1)
        try Sqzctl.run(socket: daemon.socket, words).expect(65, "1025", "1024")
    }
}
