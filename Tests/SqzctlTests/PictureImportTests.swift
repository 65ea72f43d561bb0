import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// `dataset import` of folders and archives of pictures, made by Pillow, and what can be done with such data sets.
@Suite(.serialized, .daemon(), .enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with Pillow"))
struct PictureImportTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    /// A folder of 36 pictures to train and 18 to test.
    private func makePhotos(_ path: String) throws {
        try Oracle.run(try #require(Oracle.python), [Oracle.fixture("pictures/make.py"), path])
    }

    private func dataset(_ name: String) throws -> Dataset {
        try daemon.call(DatasetsInterface.Show.self, .init(dataset: name)).dataset
    }

    @Test func aFolderAndItsArchivesAreOneDataSet() throws {
        let path = scratch["photos"]
        try makePhotos(path)
        let transcript = try Sqzctl.run(daemon, "dataset", "import", path)
        transcript.expect(
            0, "pictures became squares of ", "by crop", "2 hidden or left by a system (.DS_Store)",
            "1 empty (train/red/empty.jpg)", "1 no picture (readme.txt)", "1 link or device (train/red/link.png)")
        let folder = try dataset("photos")
        #expect(folder.format == "pictures" && folder.classes == ["blue", "grün", "red"])
        #expect(folder.trainByClass == [12, 12, 12] && folder.testByClass == [6, 6, 6])
        #expect(folder.width == folder.height && (50...120).contains(folder.width))
        #expect(transcript.output.contains("36 to train, 18 to test, \(folder.width)x\(folder.height)"))

        // Below a directory that the daemon reads.
        try Oracle.run("cp", ["-a", path, daemon.data])
        try Sqzctl.run(daemon, "dataset", "import", daemon.data + "/photos", "--name", "read").expect(0)
        #expect(try dataset("read").sha256 == folder.sha256)
        for kind in ["tar", "tar.gz", "tar.xz", "tar.zst"] {
            try Oracle.run("tar", ["-C", scratch.path, "-caf", scratch["archive.\(kind)"], "photos"])
            try Sqzctl.run(daemon, "dataset", "import", scratch["archive.\(kind)"]).expect(0)
        }
        #expect(try dataset("archive").sha256 == folder.sha256)
        // Python's zipfile would follow the link.
        try FileManager.default.removeItem(atPath: path + "/train/red/link.png")
        try Oracle.run("python3", ["-m", "zipfile", "-c", scratch["packed.zip"], path])
        try Sqzctl.run(daemon, "dataset", "import", scratch["packed.zip"]).expect(0)
        #expect(try dataset("packed").sha256 == folder.sha256)
    }

    @Test func optionsSayWhatPicturesBecome() throws {
        try makePhotos(scratch["photos"])
        let made = try Sqzctl.run(
            daemon, "dataset", "import", scratch["photos"], "--name", "padded", "--size", "64", "--fit", "pad", "--json"
        )
        made.expect(0)
        let reply = try JSON.decode(
            DatasetsInterface.Import.Reply.self, from: Array(try #require(made.lines.last).utf8), unknownKeys: .refuse)
        #expect(reply.dataset?.fit == .pad)
        let shown = try Sqzctl.run(daemon, "dataset", "show", "padded").output
        #expect(shown.contains(", 64x64\nfit       pad\n"), "\(shown)")
        let listed = try Sqzctl.run(daemon, "datasets").lines
        #expect(
            listed[0].contains("PIXELS  FIT ") && listed.contains { $0.contains("pictures  64x64   pad ") }, "\(listed)"
        )
        #expect(reply.dataset?.width == 64 && reply.summary?.size == 64 && reply.summary?.fit == .pad)
        #expect(reply.summary?.passedOver.count == 4 && reply.summary?.unreadable == 0)
        try Sqzctl.run(daemon, "dataset", "import", scratch["photos"], "--size", "1025").expect(64, "must be 1 to 1024")
        try Sqzctl.run(daemon, "dataset", "import", scratch["photos"], "--fit", "squeeze").expect(64, "squeeze")
        try Sqzctl.run(daemon, "dataset", "import", scratch["photos"], "--classes", "/etc/hostname")
            .expect(65, "/etc/hostname: there are pictures of the class blue, which is not among 1 name")
    }

    /// It says what a data set looks like.
    @Test func aFolderOfOtherThings() throws {
        let words = "right would be a folder of PNG, JPEG or WebP pictures with a folder for each class"
        for index in 0..<300 { try scratch.write("etc/\(index).conf", Array("# \(index)".utf8)) }
        try Sqzctl.run(daemon, "dataset", "import", scratch["etc"])
            .expect(65, "\(scratch["etc"]): 300 files and no picture among them", words)
        try scratch.write("few/a.conf", Array("# a".utf8))
        try Sqzctl.run(daemon, "dataset", "import", scratch["few"])
            .expect(65, "\(scratch["few"]): 1 file and no picture among them", words)
        // Records may have any name.
        let records = Colours.records(20, seed: 1)
        try scratch.write("bare/some", records.flatMap { $0 })
        try Sqzctl.run(daemon, "dataset", "import", scratch["bare"]).expect(0)
        try Oracle.run("cp", ["-r", scratch["few"], daemon.data])
        try Sqzctl.run(daemon, "dataset", "import", daemon.data + "/few")
            .expect(65, "a.conf: it is no part of a data set that is known", "a folder of PNG, JPEG or WebP pictures")
        try FileManager.default.createDirectory(atPath: scratch["none"], withIntermediateDirectories: false)
        try Sqzctl.run(daemon, "dataset", "import", scratch["none"]).expect(65, "no file in this directory", words)
    }

    @Test func whatWasImportedBefore() throws {
        try makePhotos(scratch["photos"])
        // The other tests' daemon knows the photographs alone.
        try scratch.write("photos/twice.txt", Array("twice".utf8))
        let remark = "data set twice: its files were imported before, and nothing was read again"
        let words = ["dataset", "import", scratch["photos"], "--name", "twice"]
        let first = try Sqzctl.run(socket: daemon.socket, words)
        first.expect(0, "passed over")
        #expect(!first.errors.contains(remark))
        try Sqzctl.run(socket: daemon.socket, words).expect(0, remark)
    }

    @Test func aFolderOfLinks() throws {
        try makePhotos(scratch["photos"])
        for kind in ["red", "blue"] {
            try FileManager.default.createDirectory(
                atPath: scratch["links/\(kind)"], withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: scratch["links/\(kind)/0.png"], withDestinationPath: scratch["photos/train/\(kind)/0.png"])
        }
        try Sqzctl.run(daemon, "dataset", "import", scratch["links"])
            .expect(65, "\(scratch["links"]): its pictures are links, which are not followed", "cp -rL")
    }

    /// Ten are named, the others counted; all are with `--json`.
    @Test func unreadablePictures() throws {
        try makePhotos(scratch["photos"])
        for index in 0..<12 { try scratch.write("photos/train/red/bad\(index).jpg", Array("GIF89a".utf8)) }
        let reason = "this is a GIF picture; PNG, JPEG and WebP are read"
        let refused = try Sqzctl.run(daemon, "dataset", "import", scratch["photos"], "--name", "bad")
        refused.expect(
            65, "train/red/bad0.jpg: \(reason)\n", "and 2 more; --json lists all",
            "--skip-unreadable leaves this and 11 other pictures out")
        #expect(refused.errors.components(separatedBy: "\(reason)\n").count == 11)
        let made = try Sqzctl.run(
            daemon, "dataset", "import", scratch["photos"], "--name", "bad", "--skip-unreadable", "--json")
        made.expect(0, "12 pictures that can't be read were left out")
        let replies = try made.lines.map { try JSON.decode(DatasetsInterface.Import.Reply.self, from: Array($0.utf8)) }
        #expect(replies.flatMap { $0.unreadable ?? [] }.count == 12)
        #expect(replies.last?.summary?.unreadable == 12 && replies.last?.dataset?.train == 36)
        try Sqzctl.run(daemon, "dataset", "import", scratch["photos/train/red"], "--name", "one")
            .expect(65, "no picture lies in a folder of its class", "cat/1.jpg and dog/2.jpg")
    }

    /// More files than one import may be given, long names, and names that are no UTF-8.
    @Test func whatATarOfTheClientsOwnHolds() throws {
        let long = String(repeating: "long", count: 50)
        try Oracle.run(
            try #require(Oracle.python),
            [
                "-c",
                """
                import os, sys
                from PIL import Image
                image = Image.effect_noise((40, 40), 50).convert('RGB')
                for kind in ('a', 'b'):
                    folder = os.path.join(os.fsencode(sys.argv[1]), kind.encode(), sys.argv[2].encode(), b'\\xff')
                    os.makedirs(folder)
                    for index in range(2100): image.save(os.path.join(folder, b'%d.png' % index).decode('utf-8', 'surrogateescape'))
                """, scratch["many"], long,
            ])
        try Sqzctl.run(daemon, "dataset", "import", scratch["many"]).expect(0)
        #expect(try dataset("many").trainByClass == [2_100, 2_100])
        // GNU tar's has the same pictures.
        try Oracle.run("tar", ["-C", scratch.path, "-cf", scratch["gnu.tar"], "many"])
        try Sqzctl.run(daemon, "dataset", "import", scratch["gnu.tar"]).expect(0)
        #expect(try dataset("gnu").sha256 == dataset("many").sha256)
    }

    /// The client makes the rest of its tar file from any place on: the checksum tells.
    @Test func anUploadOfAFolderGoesOn() throws {
        try makePhotos(scratch["photos"])
        try scratch.write("photos/train/red/\(String(repeating: "n", count: 150)).txt", Array("long".utf8))
        try daemon.importColours(as: "taken")
        let uploads = daemon.state + "/uploads"
        var size = 0
        for length in [nil, 0, 1, 511, 512, 513, 600, 1_024, 5_000, 40_000, -1, -513, -1_025, -1_537] {
            if let length {
                let file = try #require(try FileManager.default.contentsOfDirectory(atPath: uploads).first)
                size = try #require(file.split(separator: "-").last.flatMap { Int($0) })
                #expect(truncate("\(uploads)/\(file)", off_t(length < 0 ? size + length : length)) == 0)
            }
            // The upload is kept, since another name would do.
            try Sqzctl.run(daemon, "dataset", "import", scratch["photos"], "--name", "taken")
                .expect(65, "another data set has the name taken")
        }
        #expect(size > 100_000)
    }

    /// Sizes below, at and above that of the network's input.
    @Test(arguments: [24, 64, 256]) func suchADataSetTrains(_ size: Int) throws {
        try makePhotos(scratch["photos"])
        let name = "size\(size)"
        try Sqzctl.run(
            daemon, "dataset", "import", scratch["photos"], "--name", name, "--size", "\(size)"
        ).expect(0)
        try Sqzctl.run(
            daemon, "train", "--data", name, "--model", name, "--epochs", "2", "--batch-size", "8", "--follow"
        ).expect(0)
        let evaluated = try Sqzctl.run(daemon, "evaluate", "--data", name, "--model", name, "--follow")
        evaluated.expect(0)
        #expect(evaluated.output.contains("18 images"))
        let predicted = try Sqzctl.run(daemon, "predict", "--data", name, "--model", name, "--follow")
        predicted.expect(0)
        #expect(predicted.output.contains("18 predictions"))
        let job = try #require(predicted.output.split { !$0.isNumber }.first)
        let names = ["blue", "grün", "red"].flatMap { kind in
            (0..<6).map { "test/\(kind)/\($0).\(["png", "jpg", "webp"][$0 % 3])" }
        }
        let rows = try Sqzctl.run(daemon, "predictions", "\(job)").lines.map {
            $0.split(separator: "\t").map(String.init)
        }
        #expect(rows.map(\.count) == Array(repeating: 5, count: 18) && rows.map { $0[4] } == names, "\(rows)")
    }

    /// The path of `train --data` is imported first.
    @Test func trainingOnAFolder() throws {
        try makePhotos(scratch["snaps"])
        let trained = try Sqzctl.run(
            daemon, "train", "--data", scratch["snaps"], "--model", "snaps", "--epochs", "1", "--follow")
        trained.expect(0, "data set snaps: 36 pictures to train, 18 to test")
    }
}
