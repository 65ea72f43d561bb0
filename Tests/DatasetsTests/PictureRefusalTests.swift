import Bitmaps
import Datasets
import Foundation
import TestSupport
import Testing

/// Folders of pictures that are refused: what was found, and what would be right.
struct PictureRefusalTests {
    let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private static let right =
        "right would be a folder for each class with its pictures in it, such as cat/1.jpg and dog/2.jpg"
    private static let rightSplit = "right would be train/cat/1.jpg, train/dog/2.jpg and test/cat/3.jpg"

    @Test(arguments: [
        (["cat/1.png", "cat/2.png"], "there is one class only, cat, and nothing to tell it from; \(right)"),
        (["a/cat/1.png"], "there is one class only, cat, and nothing to tell it from; \(right)"),
        (["1.png", "2.png"], "no picture lies in a folder of its class; \(right)"),
        (["train/1.png", "test/1.png"], "no picture of train/ lies in a folder of its class; \(rightSplit)"),
        (["val/cat/1.png", "test/dog/1.png"], "there is no train/; \(rightSplit)"),
        (
            ["train/cat/1.png", "test/dog/1.png"],
            "there is one class only, cat, and nothing to tell it from; \(rightSplit)"
        ),
    ]) func layouts(_ names: [String], _ problem: String) throws {
        try scratch.expectRefusal(ofPictures: try scratch.writePictures(names), problem)
    }

    @Test func unreadablePicturesAreListedAndLeftOutOnlyIfAsked() throws {
        let path = try scratch.writePictures(["cat/1.png", "dog/1.png"])
        let whole = try scratch.importingPictures(path)
        try FileManager.default.removeItem(atPath: scratch["out"])
        try scratch.write("photos/cat/cut.png", try PictureData.png(60, 60).dropLast(3_000))
        try scratch.write("photos/cat/apple.heic", [0, 0, 0, 24] + Array("ftypheic\0\0\0\0mif1heic".utf8))
        try scratch.write("photos/dog/text.jpg", Array("no picture".utf8))
        let heic = "this is a HEIC picture; PNG, JPEG and WebP are read"
        try scratch.expectRefusal(
            ofPictures: path,
            "cat/apple.heic: \(heic); --skip-unreadable leaves this and 2 other pictures out")
        let made = try scratch.importingPictures(path, PictureOptions(skipsUnreadable: true))
        #expect(made.unreadable.map(\.file) == ["cat/apple.heic", "cat/cut.png", "dog/text.jpg"])
        #expect(made.unreadable[0].reason == heic && made.unreadable[1].reason.contains("% of its rows are missing"))
        #expect(made.summary.unreadable == 3 && made.passedOver == [])
        #expect(made.bytes == whole.bytes)
    }

    @Test func nothingReadable() throws {
        try scratch.write("photos/cat/1.heic", Array("nothing".utf8))
        try scratch.write("photos/dog/1.heic", Array("nothing".utf8))
        try scratch.expectRefusal(
            ofPictures: scratch["photos"], with: PictureOptions(skipsUnreadable: true),
            "cat/1.heic: none of the training pictures can be read")
    }

    @Test func classesThatCannotBe() throws {
        let path = try scratch.writePictures(["cat/1.png", "dog/1.png", "new\nline/1.png"])
        try scratch.expectRefusal(ofPictures: path, "the name of class 2 has a control character")
        try scratch.writePictures(["cat/1.png"], in: "latin")
        // A folder whose name is no UTF-8, which a Swift string can't have.
        try Oracle.run(
            "bash", ["-c", "mkdir \"$0/\"$'na\\xefve' && cp \"$0/cat/1.png\" \"$0/\"$'na\\xefve'", scratch["latin"]])
        try scratch.expectRefusal(
            ofPictures: scratch["latin"], "na\u{FFFD}ve: the name of this class's folder is no UTF-8")
        try scratch.expectRefusal(
            ofPictures: try scratch.writePictures(["cat/1.png", "dog/1.png"], in: "named"), classes: ["dog", "horse"],
            """
            classes: there are pictures of the class cat, which is not among 2 names; right would be the names of all \
            classes, in the order of their labels
            """
        )
    }

    @Test func onePicture() throws {
        let path = try scratch.write("1.png", PictureData.png())
        try scratch.expectRefusal(
            ofPictures: path,
            """
            1.png: a picture among records, or alone; right would be a folder of PNG, JPEG or WebP pictures with a folder \
            for each class, or its zip or tar archive
            """)
    }

    @Test func optionsOfPicturesForRecords() throws {
        let path = try scratch.write("data_batch_1.bin", TestData.records([[0]]))
        for options in [PictureOptions(size: 64), PictureOptions(fit: .pad), PictureOptions(skipsUnreadable: true)] {
            try scratch.expectRefusal(
                ofPictures: path, with: options,
                "CIFAR-10 has records: a size, a fit, and skipping what can't be read are for picture files")
        }
    }

    /// A picture that is replaced while others are read.
    @Test func aPictureThatChanges() throws {
        let path = try scratch.writePictures(["cat/1.png", "dog/1.png"])
        func replaceTheSecond(_ news: ImportNews) {
            guard case .pictures(1, of: _) = news else { return }
            #expect(throws: Never.self) { try scratch.write("photos/dog/1.png", PictureData.png(50, 50)) }
        }
        let error = #expect(throws: DatasetError.self) {
            try DatasetImport.run(
                files: [SourceFile(name: "photos", path: path)], classes: nil, output: scratch["out"],
                progress: replaceTheSecond)
        }
        #expect(error == DatasetError(.unreadable, "dog/1.png", "it changed while it was being read"))
        #expect(try scratch.names() == ["photos"])
    }
}
