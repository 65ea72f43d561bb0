import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// `sqzctl classify`: files, standard input, and what is no picture.
@Suite(.serialized, .daemon(trained: "tints")) struct ClassifyTests {
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
        let words = ["classify", files[0], "-", files[1], files[2], "--model", "tints"]
        let transcript = try Sqzctl.run(socket: daemon.socket, words, input: Self.records[9])
        transcript.expect(0)
        let rows = transcript.lines.map { $0.split(separator: "\t").map(String.init) }
        #expect(rows.map(\.first) == [files[0], "-", files[1], files[2]])
        #expect(rows.map(\.last) == ["red", "azure", "green", "blue"] && rows.allSatisfy { $0.count == 4 })
        let reply = try daemon.call(
            InferenceInterface.Classify.self,
            .init(images: [0, 9, 1, 2].map { Data(Self.records[$0]).base64EncodedString() }))
        #expect(rows.map { $0[1] } == reply.results.map { $0.classes[0].name })
        for (row, result) in zip(rows, reply.results) {
            #expect(abs(try #require(Double(row[2])) - result.classes[0].probability) <= 0.000_051)
        }
        let two = try Sqzctl.run(socket: daemon.socket, words + ["--top", "2"], input: Self.records[9])
        #expect(two.lines.allSatisfy { $0.split(separator: "\t").count == 6 })

        let told = try Sqzctl.run(socket: daemon.socket, ["--json"] + words + [scratch["no"]], input: Self.records[9])
        told.expect(66, "no: No such file")
        let objects = try told.lines.map { try JSON.decode(Line.self, from: Array($0.utf8), unknownKeys: .refuse) }
        #expect(objects.map(\.file) == [files[0], "-", files[1], files[2], scratch["no"]])
        #expect(objects.dropLast().map(\.classes) == reply.results.map(\.classes))
        #expect(objects.map(\.label) == [0, 9, 1, 2, nil] && objects[0].model == "tints@1")
        #expect(objects[4].problem == "No such file or directory" && objects[4].classes == nil)
    }

    /// More than one call may take, and what the daemon sends back is sent again.
    @Test func largePicturesAreAllClassifiedInTheirOrder() throws {
        let side = Int(Double(Limits.decodedValues / 3).squareRoot()) - 1
        let large = try scratch.write("large.png", try LargePicture.png(side: side))
        let files = try (0..<3).map { try scratch.write("\($0).bin", Self.records[$0]) }
        let many = Array(repeating: large, count: Limits.turnsPerCall + 1)
        let paths = [files[0], scratch["no"]] + many + [files[1], scratch["no"], files[2]]
        let transcript = try Sqzctl.run(socket: daemon.socket, ["--json", "classify"] + paths)
        transcript.expect(66)
        let objects = try transcript.lines.map {
            try JSON.decode(Line.self, from: Array($0.utf8), unknownKeys: .refuse)
        }
        #expect(objects.map(\.file) == paths)
        #expect(objects.compactMap(\.label) == [0, 1, 2])
        #expect(objects.filter { $0.problem != nil }.map(\.file) == [scratch["no"], scratch["no"]])
    }

    /// What `--json` prints of one of several.
    private struct Line: Decodable {
        let file: String
        let model: String?
        let label: Int?
        let classes: [ClassProbability]?
        let problem: String?
    }

    @Test func oneIsToldOfAsTheDaemonDoes() throws {
        let file = try scratch.write("one.bin", Self.records[3])
        let reply = try Sqzctl.run(daemon, "--json", "classify", file).reply(InferenceInterface.Classify.Reply.self)
        #expect(
            try reply
                == daemon.call(
                    InferenceInterface.Classify.self, .init(images: [Data(Self.records[3]).base64EncodedString()])))
    }

    @Test func whatIsNoPictureIsBadDataAndTheOthersAreClassified() throws {
        let good = try scratch.write("good.bin", Self.records[0])
        let short = try scratch.write("short.bin", [UInt8](repeating: 0, count: 3_071))
        let long = try scratch.write("long.bin", [UInt8](repeating: 0, count: 3_074))
        let empty = try scratch.write("empty.bin", [])
        for (file, words) in [(short, ["3071", "3072", "3073"]), (long, ["3073"]), (empty, ["0 bytes"])] {
            let transcript = try Sqzctl.run(daemon, "classify", good, file, good, "--top", "1")
            transcript.expect(65, "sqzctl: \(file): ")
            for word in words { #expect(transcript.errors.contains(word), "\(transcript.errors)") }
            #expect(transcript.lines.count == 2 && transcript.lines[1] == transcript.lines[0])
        }
        try Sqzctl.run(daemon, "classify", "-", input: [1, 2, 3]).expect(65, "-", "3 bytes")
        // The first one's status.
        let words = ["classify", scratch["nothing.bin"], short, good, "--top", "1"]
        let transcript = try Sqzctl.run(socket: daemon.socket, words)
        transcript.expect(66, "nothing.bin: No such file", "short.bin: ")
        #expect(transcript.lines.count == 1)
    }

    @Test func whatIsNotThereIsNoInput() throws {
        try Sqzctl.run(daemon, "classify", scratch["nothing.bin"]).expect(66, "nothing.bin", "No such file")
        let good = try scratch.write("good.bin", Self.records[0])
        try Sqzctl.run(daemon, "classify", good, "--model", "nothing").expect(66, "no model nothing", "tints")
        try Sqzctl.run(daemon, "classify", good, "--model", "tints@7").expect(
            66, "sqzctl: there is no model tints@7; there are: tints@1\n")
        try Sqzctl.run(daemon, "classify", good, "--top", "0").expect(64, "top")
    }

    @Test func anyNumberInTheOrderOfTheCommandLine() throws {
        let files = try (0..<10).map { try scratch.write("\($0)", Self.records[$0]) }
        let bad = try scratch.write("bad", [1])
        var words = (0..<2 * Limits.imagesPerCall + 100).map { files[$0 % 10] }
        for index in [0, 1, 2, 77, 1_500, 1_501, words.count - 1] { words[index] = bad }
        let transcript = try Sqzctl.run(socket: daemon.socket, ["classify", "--top", "1"] + words)
        transcript.expect(65)
        let told = transcript.lines.map { $0.prefix { $0 != "\t" } }
        #expect(told.map(String.init) == words.filter { $0 != bad })
        #expect(transcript.errors.split(separator: "\n").count == 7)
        let allBad = try Sqzctl.run(socket: daemon.socket, ["classify"] + Array(repeating: bad, count: 600))
        allBad.expect(65)
        #expect(allBad.output.isEmpty && allBad.errors.split(separator: "\n").count == 600)
    }

    @Test func severalCallsAreAnsweredByOneModel() throws {
        let good = try scratch.write("g", Self.records[0])
        let words = ["classify", "--json", "--top", "1"] + Array(repeating: good, count: Limits.imagesPerCall + 1)
        let objects = try Sqzctl.run(socket: daemon.socket, words).lines.map {
            try JSON.decode(Line.self, from: Array($0.utf8))
        }
        #expect(objects.count == Limits.imagesPerCall + 1)
        #expect(objects.allSatisfy { $0.model == "tints@1" })
    }
}
