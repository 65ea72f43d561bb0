import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// `sqzctl classify` with pictures as people have them, made by Pillow.
@Suite(
    .serialized, .daemon(trained: "tints"),
    .enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with numpy and Pillow"))
struct PhotographTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
        try Oracle.run(try #require(Oracle.python), ["-c", Self.script, scratch.path])
    }

    /// One colour each, so that its class is known whatever its size.
    private static let script = """
        import os, sys
        from PIL import Image
        os.chdir(sys.argv[1])
        for folder in ("p/b", "p/.git"):
            os.makedirs(folder)
        def one(name, colour, size=(80, 60), mode="RGB", **options):
            Image.new("RGB", size, colour).convert(mode).save(name, **options)
        red, blue, green = (230, 20, 20), (20, 20, 230), (20, 230, 20)
        one("p/b.jpg", red)
        one("p/b/tall.png", green, (1, 10000))
        one("p/b/one.png", blue, (1, 1))
        one("p/b-webp", green, lossless=True, format="WEBP")
        one("p/cmyk.jpg", red, mode="CMYK", quality=95)
        one("p/jpeg.png", blue, format="JPEG")
        one("p/z.gif", red)
        one("p/.hidden.png", red)
        one("p/.git/x.png", red)
        data = open("p/jpeg.png", "rb").read()
        open("p/cut.jpg", "wb").write(data[:-100])
        open("p/heic.jpg", "wb").write(b"\\0\\0\\0\\x18ftypheic\\0\\0\\0\\0mif1heic" + bytes(50))
        png = bytearray(open("p/b/one.png", "rb").read())
        png[16:24] = b"\\0\\0\\xff\\xff\\0\\0\\xff\\xff"
        import struct, zlib
        png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
        open("p/bomb.png", "wb").write(png)
        open("p/notes.txt", "w").write("cats\\n")
        open("p/empty.png", "w")
        os.symlink("..", "p/b/up")
        os.symlink("b.jpg", "p/link.jpg")
        """

    /// What the model takes a colour for, from bare planes.
    private func name(of red: UInt8, _ green: UInt8, _ blue: UInt8) throws -> String {
        let planes = [red, green, blue].flatMap { [UInt8](repeating: $0, count: 1_024) }
        let results = try daemon.call(
            InferenceInterface.Classify.self, .init(images: [Data(planes).base64EncodedString()])
        ).results
        return results[0].classes[0].name
    }

    private func colours() throws -> (red: String, green: String, blue: String) {
        let names = try (name(of: 230, 20, 20), name(of: 20, 230, 20), name(of: 20, 20, 230))
        try #require(Set([names.0, names.1, names.2]).count == 3)
        return names
    }

    private func classify(_ words: String...) throws -> Transcript {
        try Sqzctl.run(socket: daemon.socket, ["classify"] + words)
    }

    @Test func onePhotographIsShownWithItsBars() throws {
        let (red, green, blue) = try colours()
        for (file, colour) in [("b.jpg", red), ("b-webp", green), ("jpeg.png", blue), ("b/tall.png", green)] {
            let transcript = try classify(scratch["p/\(file)"])
            transcript.expect(0)
            #expect(transcript.lines.first == "\(scratch["p/\(file)"]) (tints@1)" && transcript.lines.count == 6)
            #expect(transcript.lines.dropFirst().first?.hasPrefix("  \(colour) ") == true, "\(transcript.output)")
        }
        let input = try scratch.read("p/b.jpg")
        try Sqzctl.run(daemon, "classify", "-", input: input).expect(0)
    }

    @Test func whatCanNotBeReadIsNamedForWhatItIs() throws {
        for (file, words) in [
            ("cut.jpg", "cut off"), ("heic.jpg", "this is a HEIC picture; PNG, JPEG and WebP are read"),
            ("z.gif", "this is a GIF picture"), ("notes.txt", "this is text"), ("bomb.png", "65535x65535 pixels"),
            ("empty.png", "0 bytes"),
        ] {
            let path = scratch["p/\(file)"]
            let transcript = try classify(path)
            transcript.expect(65, "sqzctl: \(path): ", words)
            #expect(transcript.output.isEmpty)
        }
        let large = try scratch.write("large", [UInt8](repeating: 0xFF, count: Limits.imageBytes + 1))
        try classify(large).expect(65, "\(large): has more than 12.0 MB")
    }

    @Test func aFolderIsWalkedInTheOrderOfItsPaths() throws {
        let path = scratch["p"]
        try classify(path).expect(66, "is a directory", "-r")
        let transcript = try classify("-r", path)
        transcript.expect(
            65, "p/cut.jpg: the picture is cut off", "p/heic.jpg: this is a HEIC", "p/z.gif: this is a GIF",
            "p/bomb.png: ", "\(path): 5 files passed over: 2 hidden, 2 no pictures, 1 link to a folder")
        let rows = transcript.lines.map { $0.split(separator: "\t").map(String.init) }
        let (red, green, blue) = try colours()
        let colours = [
            "b-webp": green, "b.jpg": red, "b/one.png": blue, "b/tall.png": green, "cmyk.jpg": red, "jpeg.png": blue,
            "link.jpg": red,
        ]
        let names = colours.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(rows.map { $0[0] } == names.map { "\(path)/\($0)" })
        #expect(rows.map { $0[1] } == names.map { colours[$0] })
        #expect(transcript.errors.split(separator: "\n").count == 5)
        // A slash at the end changes nothing, and folders go with files.
        let both = try classify("--recursive", path + "/", scratch["p/b.jpg"])
        #expect(both.lines == transcript.lines + [transcript.lines[1]])
        try FileManager.default.createDirectory(atPath: scratch["none"], withIntermediateDirectories: false)
        try classify("-r", scratch["none"]).expect(65, "there is no picture below this folder")
    }

    /// Half of them are bad, and a call tells of all of its own.
    @Test func anyNumberOfPhotographsTakesTheMemoryOfACall() throws {
        let good = try scratch.read("p/b.jpg")
        let padded = good + [UInt8](repeating: 0, count: 40_000)
        for index in 0..<2_000 {
            try scratch.write("many/\(1_000 + index)", index % 2 == 0 ? padded : [0xFF, 0xD8, 0xFF])
        }
        let transcript = try Transcript.run(
            ["bash", "-c", "ulimit -d 100000; exec \(Sqzctl.path) classify -r \(scratch["many"])"],
            environment: ["SQZD_SOCKET": daemon.socket])
        transcript.expect(65)
        #expect(transcript.lines.count == 1_000 && transcript.errors.split(separator: "\n").count == 1_000)
        let names = transcript.lines.map { String($0.prefix { $0 != "\t" }) }
        #expect(names == (0..<1_000).map { "\(scratch["many"])/\(1_000 + 2 * $0)" })
    }

    /// Whoever writes a picture anew does not make another one of it: what was opened is read.
    @Test func aPictureThatIsReplacedIsOneOfTheTwo() throws {
        let path = scratch["p/swapped"]
        let writer = Task.detached { [scratch] in
            var index = 0
            while !Task.isCancelled {
                try FileManager.default.copyItem(
                    atPath: scratch[index % 2 == 0 ? "p/b.jpg" : "p/jpeg.png"], toPath: path + ".new")
                rename(path + ".new", path)
                index += 1
            }
        }
        defer { writer.cancel() }
        while access(path, F_OK) != 0 { sched_yield() }
        let transcript = try Sqzctl.run(socket: daemon.socket, ["classify"] + Array(repeating: path, count: 300))
        transcript.expect(0)
        let (red, _, blue) = try colours()
        let found = transcript.lines.map { $0.split(separator: "\t").map(String.init)[1] }
        #expect(found.count == 300 && Set(found).isSubset(of: [red, blue]), "\(Set(found))")
    }
}
