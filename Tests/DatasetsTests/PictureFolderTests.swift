import Bitmaps
import Datasets
import Foundation
import Imaging
import TestSupport
import Testing

/// Folders with a folder for each class, as people have them.
struct PictureFolderTests {
    let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func names(_ split: MappedDataset.Split?) -> [String] { split?.allNames ?? [] }

    /// Labels that somebody has given already stay, and a class may have no pictures.
    @Test func theOrderOfTheClasses() throws {
        let path = try scratch.writePictures(["train/cat/1.png", "train/dog/1.png", "test/owl/1.png", "test/dog/2.png"])
        let made = try scratch.importingPictures(path, classes: ["owl", "dog", "é", "cat"])
        #expect(made.dataset.classes == ["owl", "dog", "é", "cat"])
        #expect(names(made.dataset.train) == ["train/dog/1.png", "train/cat/1.png"])
        #expect((0..<2).map { made.dataset.train.label($0) } == [1, 3])
        #expect(names(made.dataset.test) == ["test/owl/1.png", "test/dog/2.png"])
        #expect(made.dataset.description.testByClass == [1, 1, 0, 0])
    }

    @Test func aFolderForEachClass() throws {
        let path = try scratch.writePictures(["zebra/1.png", "cat/b/2.png", "cat/1.png", "Öl/1.png", "B/1.png"])
        let made = try scratch.importingPictures(path)
        #expect(made.dataset.classes == ["B", "cat", "zebra", "Öl"])
        #expect(names(made.dataset.train) == ["B/1.png", "cat/1.png", "cat/b/2.png", "zebra/1.png", "Öl/1.png"])
        #expect((0..<5).map { made.dataset.train.label($0) } == [0, 1, 1, 2, 3])
        #expect(made.dataset.test == nil && made.dataset.description.format == .pictures)
        #expect(made.summary.size == 40 && made.summary.fit == .crop && made.passedOver == [])
    }

    @Test func picturesBecomeWhatImagingMakesOfThem() throws {
        let (wide, small) = (try PictureData.png(90, 50, seed: 7), try PictureData.png(20, 30, seed: 8))
        try scratch.write("photos/a/1.png", wide)
        try scratch.write("photos/b/1.png", small)
        for fit in Fit.allCases {
            let made = try scratch.importingPictures(scratch["photos"], PictureOptions(size: 48, fit: fit))
            #expect(made.summary.fit == fit && made.dataset.description.fit == fit && made.dataset.train.width == 48)
            for (index, bytes) in [wide, small].enumerated() {
                let pixels = try bytes.withUnsafeBytes { try Bitmap(decoding: $0) }.squared(Square(fit, side: 48))
                    .pixels
                let planes = (0..<3).flatMap { plane in (0..<48 * 48).map { pixels[3 * $0 + plane] } }
                #expect(Array(made.dataset.train.picture(index)) == planes)
            }
            try FileManager.default.removeItem(atPath: scratch["out"])
        }
    }

    @Test func theSizeSuitsThePictures() throws {
        func size(_ sides: [(Int, Int)], _ fit: Fit? = nil) throws -> Int {
            let folder = UUID().uuidString
            for (index, side) in sides.enumerated() {
                try scratch.write("\(folder)/\(index % 2)/\(index).png", PictureData.png(side.0, side.1))
            }
            return try scratch.importingPictures(scratch[folder], PictureOptions(fit: fit)).summary.size
        }
        #expect(try size([(64, 80), (64, 64), (500, 300)]) == 64)
        #expect(try size([(64, 80), (70, 100), (300, 500)], .pad) == 100)
        #expect(try size([(300, 400), (500, 300)]) == 256)
        #expect(try size([(1, 1), (1, 900)]) == 32)
    }

    @Test(arguments: [
        (["train", "test"], 4, 2), (["Training", "Testing"], 4, 2), (["train", "val"], 4, 2),
        (["train", "valid"], 4, 2), (["train", "validation"], 4, 2), (["training_set", "test_set"], 4, 2),
    ]) func splits(_ folders: [String], train: Int, test: Int) throws {
        let path = try scratch.writePictures(
            PictureData.split.map {
                $0.replacing("train/", with: folders[0] + "/").replacing("test/", with: folders[1] + "/")
            })
        let made = try scratch.importingPictures(path)
        #expect(made.dataset.classes == ["cat", "dog"] && made.dataset.train.count == train)
        #expect(made.dataset.test?.count == test && made.passedOver == [])
    }

    @Test func besideTestPicturesThoseToValidateAreLeftOut() throws {
        let path = try scratch.writePictures(PictureData.split + ["val/cat/4.png", "test/5.png", "test/bird/6.png"])
        let made = try scratch.importingPictures(path)
        #expect(names(made.dataset.test) == ["test/cat/3.png", "test/dog/3.png"])
        #expect(
            made.passedOver == [
                "1 outside of any class's folder: test/5.png",
                "1 for validation, beside those to test: val/cat/4.png",
                "1 to test, of classes without pictures to train: test/bird/6.png",
            ])
    }

    /// A vehicle is no split.
    @Test func aClassMayBeCalledTrain() throws {
        let path = try scratch.writePictures(["train/1.png", "car/1.png", "plane/a/1.png"])
        #expect(try scratch.importingPictures(path).dataset.classes == ["car", "plane", "train"])
    }

    @Test func leadingFoldersAreSeenThrough() throws {
        let path = try scratch.writePictures(PictureData.split)
        let plain = try scratch.importingPictures(path)
        try scratch.writePictures(PictureData.split.map { "a/b/" + $0 }, in: "deep")
        #expect(try scratch.importingPictures(scratch["deep"]).bytes == plain.bytes)
        try scratch.writePictures(["train/cat/1.png", "train/dog/1.png"], in: "alone")
        #expect(names(try scratch.importingPictures(scratch["alone"]).dataset.train) == ["cat/1.png", "dog/1.png"])
    }

    /// What folders really hold. A picture is told by its content, whatever its name.
    @Test func whatIsNoPictureIsPassedOverAndCounted() throws {
        let path = try scratch.writePictures(["cat/1.txt", "dog/1", "cover.png", ".hidden/1.png", "cat/.ds/1.png"])
        let strays = [".DS_Store", "dog/Thumbs.db", "dog/._1.png", "__MACOSX/cat/._1.png", "dog/desktop.ini"]
        for name in strays { try scratch.write("photos/\(name)", [1]) }
        for name in ["cat/list.csv", "readme.txt"] { try scratch.write("photos/\(name)", Array("text".utf8)) }
        try scratch.write("photos/cat/empty.png", [])
        try FileManager.default.createSymbolicLink(atPath: path + "/dog/link.png", withDestinationPath: path + "/dog/1")
        try FileManager.default.createSymbolicLink(atPath: path + "/bird", withDestinationPath: path + "/cat")
        let made = try scratch.importingPictures(path)
        #expect(made.dataset.classes == ["cat", "dog"] && names(made.dataset.train) == ["cat/1.txt", "dog/1"])
        #expect(
            made.passedOver == [
                "7 hidden or left by a system: .DS_Store",
                "1 empty: cat/empty.png",
                "2 no picture: cat/list.csv",
                "2 link or device: bird",
                "1 outside of any class's folder: cover.png",
            ])
    }

    @Test func duplicatesAcrossTheSplitsAreCounted() throws {
        let path = try scratch.writePictures(PictureData.split)
        try scratch.write("photos/test/dog/again.png", PictureData.png(seed: 1))
        // In the same split it is a picture of its own.
        try scratch.write("photos/train/dog/again.png", PictureData.png(seed: 2))
        #expect(try scratch.importingPictures(path).summary.duplicates == 1)
    }

    @Test func anyNumberOfThreadsGivesTheSame() throws {
        let path = try scratch.writePictures((0..<40).map { "\($0 % 3)/\($0).png" })
        let one = try scratch.importingPictures(path, threads: 1)
        #expect(try scratch.importingPictures(path, threads: 7).bytes == one.bytes)
        #expect(one.dataset.train.count == 40)
    }

    @Test func progressIsInPicturesOfAll() throws {
        let path = try scratch.writePictures((0..<9).map { "\($0 % 3)/\($0).png" })
        var told: [Int] = []
        _ = try DatasetImport.run(
            files: [SourceFile(name: "photos", path: path)], classes: nil, output: scratch["out"], threads: 3
        ) { news in
            if case .pictures(let count, of: 9) = news { told.append(count) }
        }
        #expect(told.last == 9 && told == told.sorted())
    }

    /// CIFAR's files in a folder beside folders of anything are CIFAR's, as they were.
    @Test func recordsStayRecords() throws {
        try scratch.write("data/data_batch_1.bin", TestData.records([[0], [1]]))
        try scratch.write("data/aside/preview.png", PictureData.png())
        let made = try DatasetImport.run(
            files: [SourceFile(name: "data", path: scratch["data"])], classes: nil, output: scratch["out"],
            progress: { _ in })
        #expect(made.dataset.format == .cifar10 && made.dataset.trainCount == 2 && made.summary == nil)
        let folder = try scratch.read("out")
        _ = try scratch.importing([SourceFile(name: "data_batch_1.bin", path: scratch["data/data_batch_1.bin"])])
        #expect(try scratch.read("out") == folder)
    }
}
