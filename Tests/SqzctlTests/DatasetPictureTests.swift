import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// `dataset picture`: what went in comes out again, as Pillow reads it.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }, .enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with numpy and Pillow"))
struct DatasetPictureTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    /// Red, green and blue of each pixel as Pillow reads a file.
    private func pixels(_ path: String) throws -> [UInt8] {
        let script = """
            import sys
            from PIL import Image
            image = Image.open(sys.argv[1])
            assert image.format == "PNG" and image.mode == "RGB", (image.format, image.mode)
            sys.stdout.buffer.write(bytes(image.size) + image.tobytes())
            """
        return try Oracle.run(try #require(Oracle.python), ["-c", script, path])
    }

    private func picture(_ words: String...) throws -> Transcript {
        try Sqzctl.run(socket: daemon.socket, ["dataset", "picture"] + words)
    }

    @Test func aRecordsPixelsComeOut() throws {
        for (split, number, seed, count) in [("train", 0, 1, 200), ("train", 199, 1, 200), ("test", 17, 2, 40)] {
            let record = Colours.records(count, seed: UInt64(seed))[number]
            let file = scratch["\(split)\(number).png"]
            let transcript = try picture("colours", "\(number)", "--split", split, "-o", file)
            transcript.expect(0)
            let name = Colours.classes[Int(record[0])]
            #expect(transcript.output == "\(file): picture \(number) to \(split), class \(record[0]): \(name)\n")
            let expected = (0..<1_024).flatMap { place in (0..<3).map { record[1 + 1_024 * $0 + place] } }
            #expect(try pixels(file) == [32, 32] + expected)
        }
    }

    /// Squares of the size that they are imported at are not touched.
    @Test func aPictureIsFoundByItsPath() throws {
        let script = """
            import os, sys
            from PIL import Image
            for number, name in enumerate(["train/b/1", "train/ä/2", "train/b/3", "test/b/1", "test/ä/2"]):
                path = os.path.join(sys.argv[1], name + ".png")
                os.makedirs(os.path.dirname(path), exist_ok=True)
                Image.effect_noise((40, 40), 50 + 10 * number).convert("RGB").save(path)
            """
        try Oracle.run(try #require(Oracle.python), ["-c", script, scratch["noise"]])
        try Sqzctl.run(daemon, "dataset", "import", scratch["noise"], "--size", "40").expect(0)
        let train = ["train/b/1.png", "train/b/3.png", "train/ä/2.png"]
        for (number, path) in train.enumerated() {
            let file = scratch["out.png"]
            let transcript = try picture("noise", path, "-o", file, "--force")
            let (label, name) = path.contains("ä") ? (1, "ä") : (0, "b")
            #expect(transcript.output == "\(file): picture \(number) to train (\(path)), class \(label): \(name)\n")
            #expect(try pixels(file) == pixels(scratch["noise/\(path)"]))
            let json = try picture("noise", "\(number)", "--json").reply(DatasetsInterface.Picture.Reply.self)
            #expect(json.file == path && json.label == label && json.className == name && json.picture == number)
            #expect(try Data(scratch.read("out.png")).base64EncodedString() == json.data)
        }
        try picture("noise", "test/b/1.png", "--split", "test", "-o", scratch["test.png"]).expect(0)
        #expect(try pixels(scratch["test.png"]) == pixels(scratch["noise/test/b/1.png"]))
        try picture("noise", "test/b/1.png", "-o", scratch["no.png"])
            .expect(66, "there is no picture test/b/1.png among the 3 pictures to train")
        try picture("colours", "x.png", "-o", scratch["no.png"]).expect(64, "were no files; right would be a number")
        #expect(try !scratch.names().contains { $0.hasPrefix("no.png") })
    }

    @Test func whereItGoes() throws {
        let file = scratch["x.png"]
        try picture("colours", "1", "-o", file).expect(0)
        let png = try scratch.read("x.png")
        for words in ["colours 1 -o -", "colours 1"] {
            let script = "cd '\(scratch.path)' && \(Sqzctl.path) dataset picture \(words) > piped"
            try Transcript.run(["bash", "-c", script], environment: ["SQZD_SOCKET": daemon.socket]).expect(0)
            #expect(try scratch.read("piped") == png)
        }
        try scratch.write("x.png", [1])
        try picture("colours", "1", "-o", file).expect(65, "\(file): exists already; --force replaces it")
        #expect(try scratch.read("x.png") == [1])
        let silent = try picture("colours", "1", "-o", file, "--force", "--json")
        _ = try silent.reply(DatasetsInterface.Picture.Reply.self)
        #expect(try scratch.read("x.png") == png)
        try picture("colours", "1", "-o", scratch["no/x.png"]).expect(66, "no/x.png: No such file or directory")
        try picture("colours", "1", "-o", "-", "--json").expect(64, "-o - and --json")
        let command = "\(Sqzctl.path) dataset picture colours 1"
        let terminal = try Transcript.run(
            ["timeout", "60", "script", "--quiet", "--return", "--command", command, "/dev/null"],
            environment: ["SQZD_SOCKET": daemon.socket])
        #expect(terminal.ending == .exited(64) && terminal.output.contains("right would be -o FILE.png"))
        #expect(try scratch.names() == ["piped", "x.png"])
    }

    @Test func whatIsNotThere() throws {
        for number in ["200", "9000000000000000000"] {
            try picture("colours", number, "-o", scratch["no.png"])
                .expect(66, "there is no picture \(number) to train; right would be 0 to 199")
        }
        try picture("nothing", "1", "-o", scratch["no.png"]).expect(66, "there is no data set nothing")
        let path = try Colours.write(to: daemon.scratch, "data/untested", train: 20, test: 0)
        try FileManager.default.removeItem(atPath: path + "/test_batch.bin")
        try daemon.call(DatasetsInterface.Import.self, .init(name: "untested", path: path))
        try picture("untested", "0", "--split", "test", "-o", scratch["no.png"]).expect(66, "has no pictures to test")
        for both in [
            DatasetsInterface.Picture.Parameters(dataset: "colours"), .init(dataset: "colours", picture: 1, file: "x"),
        ] {
            try daemon.expectInvalid("picture", from: DatasetsInterface.Picture.self, both)
        }
        try daemon.expect(
            .noSuchPicture(split: .train, pictures: 200, picture: -1), from: DatasetsInterface.Picture.self,
            .init(dataset: "colours", picture: -1))
        #expect(try scratch.names() == [])
    }
}
