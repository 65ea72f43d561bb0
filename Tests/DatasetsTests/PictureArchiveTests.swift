import Datasets
import Foundation
import TestSupport
import Testing

/// Archives of folders of pictures, by tar, zip and Python, and those that nobody means well by.
struct PictureArchiveTests {
    let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private static let names =
        PictureData.split + ["train/dög/1.png", "train/\(String(repeating: "long", count: 40))/1.png"]

    @Test(arguments: ["tar", "tar.gz", "tar.xz", "tar.zst", "tar.bz2"]) func tar(_ kind: String) throws {
        let path = try scratch.writePictures(Self.names)
        let plain = try scratch.importingPictures(path)
        try Oracle.run("tar", ["-C", scratch.path, "-caf", scratch["a.\(kind)"], "photos"])
        #expect(try scratch.importingPictures(scratch["a.\(kind)"]).bytes == plain.bytes)
        // In pax's format, out of order, and without the leading folder.
        try Oracle.run(
            "tar",
            ["-C", path, "--format=pax", "--sort=none", "-caf", scratch["b.\(kind)"], "./test", "./train"])
        #expect(try scratch.importingPictures(scratch["b.\(kind)"]).bytes == plain.bytes)
    }

    @Test func zip() throws {
        let path = try scratch.writePictures(Self.names)
        let plain = try scratch.importingPictures(path)
        try python("with Z('a.zip') as z: add(z, 'photos', 'photos')")
        #expect(try scratch.importingPictures(scratch["a.zip"]).bytes == plain.bytes)
        try python("with Z('b.zip', compression=zipfile.ZIP_DEFLATED) as z: add(z, 'photos', 'x/y')")
        #expect(try scratch.importingPictures(scratch["b.zip"]).bytes == plain.bytes)
    }

    /// One that is damaged is one that can't be read, be it found damaged when it is looked at or when it is decoded: the larger
    /// one is looked at by its beginning only.
    @Test(arguments: [("STORED", 40), ("STORED", 200), ("DEFLATED", 40), ("DEFLATED", 200)])
    func aDamagedMemberOfAZip(_ packing: String, side: Int) throws {
        try scratch.writePictures(["cat/1.png", "cat/3.png", "dog/1.png"])
        try scratch.write("photos/cat/2.png", PictureData.png(side, side, seed: 9))
        try python("with Z('a.zip', compression=zipfile.ZIP_\(packing)) as z: add(z, 'photos', 'photos')")
        try python(
            """
            with zipfile.ZipFile('a.zip') as z: info = z.getinfo('photos/cat/2.png')
            data = bytearray(open('a.zip', 'rb').read())
            start = info.header_offset + 30 + len(info.filename) + (0 if '\(packing)' == 'STORED' else -2)
            if '\(packing)' == 'STORED': data[start + info.compress_size - 9] ^= 1
            else: data[start + info.compress_size // 2:start + info.compress_size // 2 + 20] = b'\\xff' * 20
            open('a.zip', 'wb').write(data)
            """)
        let error = try #require(throws: DatasetError.self) { try scratch.importingPictures(scratch["a.zip"]) }
        #expect("\(error)".hasPrefix("photos/cat/2.png: it is damaged in its archive: ZIP "), "\(error)")
        #expect(error.problem.hasSuffix("; --skip-unreadable leaves it out"))
        let made = try scratch.importingPictures(scratch["a.zip"], PictureOptions(skipsUnreadable: true))
        #expect(made.dataset.train.allNames == ["cat/1.png", "cat/3.png", "dog/1.png"])
        #expect(made.unreadable.map(\.file) == ["photos/cat/2.png"] && made.summary.unreadable == 1)
    }

    /// Without its list a folder would be another data set.
    @Test func aDamagedListEndsTheImport() throws {
        try scratch.writePictures(["cat/1.png", "dog/1.png"])
        try scratch.write("photos/labels.csv", Array("file,label\ncat/1.png,a\ndog/1.png,b\n".utf8))
        try python("with Z('a.zip') as z: add(z, 'photos', 'photos')")
        let whole = try scratch.read("a.zip")
        let place = try #require(whole.firstRange(of: Array("file,label".utf8)))
        try scratch.write("a.zip", whole[..<place.lowerBound] + Array("File".utf8) + whole[(place.lowerBound + 4)...])
        let error = try #require(throws: DatasetError.self) {
            try scratch.importingPictures(scratch["a.zip"], PictureOptions(skipsUnreadable: true))
        }
        #expect("\(error)".hasPrefix("a.zip: photos/labels.csv: it is damaged in its archive: ZIP bad CRC"), "\(error)")
    }

    /// What a Mac puts beside, and links.
    @Test func whatIsNoPictureInAnArchive() throws {
        let path = try scratch.writePictures(["cat/1.png", "dog/1.png"])
        try scratch.write("photos/__MACOSX/cat/._1.png", [1])
        try FileManager.default.createSymbolicLink(atPath: path + "/dog/2.png", withDestinationPath: "/etc/passwd")
        try Oracle.run("ln", [path + "/cat/1.png", path + "/dog/hard.png"])
        try Oracle.run("tar", ["-C", scratch.path, "--sort=name", "-cf", scratch["a.tar"], "photos"])
        let made = try scratch.importingPictures(scratch["a.tar"])
        #expect(made.dataset.train.allNames == ["cat/1.png", "dog/1.png"])
        #expect(
            made.passedOver == [
                "1 hidden or left by a system: photos/__MACOSX/cat/._1.png",
                "2 link or device: photos/dog/2.png",
            ])
    }

    @Test(arguments: ["zip", "tar"]) func namesThatLeadOut(_ kind: String) throws {
        try scratch.writePictures(["cat/1.png", "dog/1.png"])
        for (name, problem) in [
            ("../evil.png", "a name that leads out of the archive"),
            ("cat/../../evil.png", "a name that leads out of the archive"),
            ("/tmp/evil.png", "an absolute name in an archive"),
        ] {
            try python(
                kind == "zip"
                    ? "with Z('a.zip') as z: add(z, 'photos', 'photos'); z.writestr('\(name)', b'x')"
                    : "with T('a.tar') as t: t.add('photos'); i = tarfile.TarInfo('\(name)'); i.size = 1; t.addfile(i, io.BytesIO(b'x'))"
            )
            try scratch.expectRefusal(ofPictures: scratch["a.\(kind)"], "a.\(kind): \(name): \(problem)")
        }
    }

    @Test func twoMembersOfOneName() throws {
        try scratch.writePictures(["cat/1.png", "dog/1.png"])
        try python("with Z('a.zip') as z: add(z, 'photos', 'photos'); z.write('photos/cat/1.png')")
        try scratch.expectRefusal(
            ofPictures: scratch["a.zip"], "photos/cat/1.png: the archive has two files of this name")
    }

    @Test func anEncryptedArchive() throws {
        try scratch.writePictures(["cat/1.png", "dog/1.png"])
        // The flag of encryption, in the directory and before the data.
        try python(
            """
            with Z('a.zip') as z: add(z, 'photos', 'photos')
            d = bytearray(open('a.zip', 'rb').read())
            for mark, place in ((b'PK\\x01\\x02', 8), (b'PK\\x03\\x04', 6)):
                at = d.find(mark)
                while at >= 0: d[at + place] |= 1; at = d.find(mark, at + 4)
            open('a.zip', 'wb').write(d)
            """)
        try scratch.expectRefusal(
            ofPictures: scratch["a.zip"],
            "a.zip: photos/cat/1.png is encrypted; an archive without a password would be right")
    }

    @Test(arguments: ["tar.gz", "tar.xz", "tar.zst", "zip"]) func aBrokenArchive(_ kind: String) throws {
        try scratch.writePictures(Self.names)
        if kind == "zip" {
            try python("with Z('a.zip') as z: add(z, 'photos', 'photos')")
        } else {
            try Oracle.run("tar", ["-C", scratch.path, "-caf", scratch["a.\(kind)"], "photos"])
        }
        let whole = try scratch.read("a.\(kind)")
        for length in stride(from: 1, to: whole.count, by: max(1, whole.count / 40)) {
            try scratch.write("a.\(kind)", Array(whole.prefix(length)))
            #expect(throws: DatasetError.self) { try scratch.importingPictures(scratch["a.\(kind)"]) }
            #expect(try scratch.names() == ["a.\(kind)", "photos"])
        }
    }

    /// Python's own archives. `add` puts a folder into a zip, under another name.
    private func python(_ code: String) throws {
        let lines = """
            import io, os, sys, tarfile, zipfile
            os.chdir(sys.argv[1])
            def Z(name, **k): return zipfile.ZipFile(name, 'w', **k)
            def T(name): return tarfile.open(name, 'w')
            def add(z, folder, name):
                for root, _, files in sorted(os.walk(folder)):
                    for f in sorted(files): z.write(f'{root}/{f}', f'{name}{root[len(folder):]}/{f}')
            import warnings; warnings.simplefilter('ignore')

            """
        try Oracle.run("python3", ["-c", lines + code, scratch.path])
    }
}
