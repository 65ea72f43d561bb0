import Datasets
import TestSupport
import Testing

/// Bad input: the error names the file, the place, what was found and what would be right, and nothing is left behind.
struct RefusalTests {
    let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    @Test func aFileThatIsCutOff() throws {
        try scratch.expectRefusal(
            [("data_batch_1.bin", TestData.records([[0], [1]]).dropLast())],
            "data_batch_1.bin: 6145 bytes are no whole number of records: record 1 has 3072 bytes; right for CIFAR-10 would be 3073"
        )
        try scratch.expectRefusal(
            [("train.bin", TestData.records([[0, 0]]) + [1])],
            "train.bin: 3075 bytes are no whole number of records: record 1 has 1 byte; right for CIFAR-100 would be 3074"
        )
        try scratch.expectRefusal(
            [("test_batch.bin", [1])],
            "test_batch.bin: 1 byte is no whole number of records; right for CIFAR-10 would be 3073")
        try scratch.expectRefusal(
            [("adduser.conf", [UInt8](repeating: 35, count: 6_145))],
            "adduser.conf: it is no part of a data set that is known: for CIFAR, 6145 bytes are no whole number of "
                + "records (3073 bytes each, or 3074); \(Self.right)")
        try scratch.expectRefusal([("a.bin", [])], "a.bin: it is empty")
    }

    /// Two such names could look the same.
    @Test(arguments: ["200b", "200f", "202e", "2066", "2028", "feff", "ad"]) func namesThatCanNotBeSeen(_ code: String)
        throws
    {
        let scalar = String(try #require(UInt32(code, radix: 16).flatMap(Unicode.Scalar.init)))
        let problem = "the name of class 1 has a character that can't be seen: a\\u{\(code)}b"
        let records = TestData.records([[0], [1]])
        try scratch.expectRefusal([("a.bin", records)], classes: ["ab", "a\(scalar)b"], "classes: \(problem)")
        if code != "2028" {
            let list = Array("ab\na\(scalar)b\n".utf8)
            try scratch.expectRefusal(
                [("data_batch_1.bin", records), ("batches.meta.txt", list)], "batches.meta.txt: \(problem)")
        }
        let path = try scratch.writePictures(["0/1.png", "a\(scalar)b/1.png"])
        try scratch.expectRefusal(ofPictures: path, problem)
    }

    @Test func labelsOutOfRange() throws {
        let records = TestData.records([[0], [1], [2]])
        try scratch.expectRefusal(
            [("a.bin", records)], classes: ["a", "b"],
            "a.bin: record 2 has the label 2; right for 2 classes would be 0 to 1")
        try scratch.expectRefusal(
            [("data_batch_1.bin", records), ("batches.meta.txt", Array("a\n".utf8))],
            "data_batch_1.bin: record 1 has the label 1; right for 1 class would be 0")
        var limits = DatasetLimits()
        limits.classes = 2
        try scratch.expectRefusal(
            [("a.bin", records)], limits: limits, "a.bin: record 2 has the label 2; right for 2 classes would be 0 to 1"
        )
    }

    private static let right =
        "right would be CIFAR-10 or CIFAR-100 binary files, their .tar.gz, or IDX files "
        + "(train-images-idx3-ubyte and train-labels-idx1-ubyte), or a folder of PNG, JPEG or WebP pictures with a "
        + "folder for each class, or its zip or tar archive"

    @Test func nothingUsable() throws {
        try scratch.expectRefusal([], "no usable file; \(Self.right)")
        try scratch.expectRefusal([("readme.txt", [1])], "no usable file; \(Self.right)")
        let error = try #require(throws: DatasetError.self) {
            try scratch.importing([SourceFile(name: "a.bin", path: scratch["absent"])])
        }
        #expect(error == DatasetError(.unreadable, "a.bin", "can't be read: No such file or directory"))
        let device = #expect(throws: DatasetError.self) {
            try scratch.importing([SourceFile(name: "a.bin", path: "/dev/null")])
        }
        #expect(device == DatasetError(.unreadable, "a.bin", "it is not a regular file"))
    }

    @Test func mixedOrDoubledFiles() throws {
        try scratch.expectRefusal(
            [("data_batch_1.bin", TestData.records([[0]])), ("train.bin", TestData.records([[0, 0]]))],
            "train.bin: it is of the format cifar-100, but data_batch_1.bin is of cifar-10; one data set has one format"
        )
        try scratch.expectRefusal(
            [("a/data_batch_1.bin", TestData.records([[0]])), ("b/data_batch_1.bin", TestData.records([[0]]))],
            "b/data_batch_1.bin: there is already a file of this name: a/data_batch_1.bin")
    }

    @Test func idxHeaders() throws {
        let labels = ("labels", TestData.idxLabels([0]))
        func expectIDX(_ bytes: [UInt8], _ problem: String, _ location: SourceLocation = #_sourceLocation) throws {
            try scratch.expectRefusal(
                [("images-ubyte", bytes), labels], "images-ubyte: \(problem)", sourceLocation: location)
        }
        let valid = TestData.idxPictures(1)
        try expectIDX([0, 0, 8], "the IDX header is cut off after 3 bytes")
        try expectIDX(Array(valid[..<15]), "the IDX header is cut off after 15 bytes")
        try expectIDX(
            [1] + valid.dropFirst(),
            "the magic number is 0x01000803; right would be 0x00000803 (grey pictures, one byte a pixel) or 0x00000801 "
                + "(labels of one byte)")
        try expectIDX(valid.dropLast(), "it is cut off in record 0: 799 bytes; right for 1 picture would be 800")
        try expectIDX(valid + [1, 2], "2 bytes too many: 802; right for 1 picture would be 800")
        try expectIDX(TestData.idxPictures(1, side: 27), "pictures of 27x27; right would be 28x28 or 32x32")
        try expectIDX(TestData.bigEndian([0x803, 1, 28, 32]), "pictures of 32x28; right would be 28x28 or 32x32")
        try expectIDX(TestData.idxPictures(0), "it holds no pictures")
        try expectIDX(
            TestData.bigEndian([0x803, .max, 32, 32]),
            "it is cut off in record 0: 16 bytes; right for 4294967295 pictures would be 4398046510096")
    }

    @Test func idxFilesThatDoNotPair() throws {
        let right = "right would be pairs such as train-images-idx3-ubyte and train-labels-idx1-ubyte"
        try scratch.expectRefusal(
            [("a-ubyte", TestData.idxPictures(1))], "1 IDX file of pictures (a-ubyte) and 0 of labels; \(right)")
        try scratch.expectRefusal(
            [("a-ubyte", TestData.idxLabels([1]))], "0 IDX files of pictures and 1 of labels (a-ubyte); \(right)")
        try scratch.expectRefusal(
            [("a-ubyte", TestData.idxPictures(2)), ("b-ubyte", TestData.idxLabels([1]))],
            "b-ubyte: 1 label for the 2 pictures of a-ubyte")
    }

    @Test func corruptGzip() throws {
        // Random bytes are stored, so that deflate itself notices nothing when one changes.
        try scratch.write("in/plain", TestData.idxPictures(40))
        let valid = try Oracle.run("gzip", ["-c", scratch["in/plain"]])
        var flipped = valid
        flipped[valid.count / 2] ^= 1
        let labels = ("labels", TestData.idxLabels([UInt8](repeating: 0, count: 40)))
        // Found at the checksum, which the length follows.
        try scratch.expectRefusal(
            [("images-ubyte.gz", flipped), labels],
            "images-ubyte.gz: the gzip data is corrupt before byte \(valid.count - 4): incorrect data check")
        let cut = Array(valid.dropLast(9))
        let error = try #require(throws: DatasetError.self) {
            try scratch.importing([("images-ubyte.gz", cut), labels])
        }
        #expect("\(error)".hasSuffix("unexpected end of file"))
        #expect(try scratch.names() == ["in"])
    }

    @Test func corruptTar() throws {
        try scratch.write("in/x/a.bin", TestData.records([[0], [1]]))
        let valid = try Oracle.run("tar", ["-C", scratch["in"], "-c", "x"])
        let cut = try #require(throws: DatasetError.self) { try scratch.importing([("a.tar", Array(valid[..<4096]))]) }
        #expect("\(cut)".hasPrefix("a.tar: not a whole tar archive: Truncated"), "\(cut)")
        var damaged = valid
        damaged[3] ^= 1
        let error = try #require(throws: DatasetError.self) { try scratch.importing([("a.tar", damaged)]) }
        #expect("\(error)".hasPrefix("a.tar: not a whole tar archive: "), "\(error)")
        #expect(try scratch.names() == ["in"])
    }

    @Test func anOutputThatCanNotBeWritten() throws {
        let path = try scratch.write("a.bin", TestData.records([[0]]))
        let output = scratch["absent/out"]
        let error = #expect(throws: DatasetError.self) {
            try DatasetImport.run(
                files: [SourceFile(name: "a.bin", path: path)], classes: nil, output: output, progress: { _ in })
        }
        #expect(error == DatasetError(.unwritable, nil, "\(output): can't be written: No such file or directory"))
    }

    @Test func aFileThatChangesDuringTheImport() throws {
        let inputs = try ["a.bin", "b.bin"].map {
            SourceFile(name: $0, path: try scratch.write("in/\($0)", TestData.records([[0], [1]])))
        }
        func shortenTheSecond(_ news: ImportNews) {
            if case .pictures(2, of: _) = news { #expect(throws: Never.self) { try scratch.write("in/b.bin", [1]) } }
        }
        let error = #expect(throws: DatasetError.self) {
            try DatasetImport.run(files: inputs, classes: nil, output: scratch["out"], progress: shortenTheSecond)
        }
        #expect(error == DatasetError(.unreadable, "b.bin", "it changed while it was being read"))
        #expect(try scratch.names() == ["in"])
    }
}
