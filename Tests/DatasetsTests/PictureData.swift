import Bitmaps
import Datasets
import Foundation
import Imaging
import TestSupport
import Testing

/// Folders of small pictures, and archives of them by programs that we did not write.
enum PictureData {
    /// A PNG of these sides, other pixels for each seed.
    static func png(_ width: Int = 40, _ height: Int = 40, seed: UInt64 = 1) throws -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return try Bitmap(width: width, height: height, pixels: generator.bytes(3 * width * height)).png()
    }

    /// Two classes of two pictures, and a test picture of each.
    static let split = [
        "train/cat/1.png", "train/cat/2.png", "train/dog/1.png", "train/dog/2.png", "test/cat/3.png", "test/dog/3.png",
    ]
}

extension MappedDataset.Split {
    /// The names of all pictures; nil where they were no files.
    var allNames: [String]? {
        names.map { names in
            var names = names
            return (0..<count).map { names.name(of: $0) }
        }
    }
}

extension ScratchDirectory {
    /// Writes other pictures under each of these names, in `folder`.
    @discardableResult
    func writePictures(_ names: [String], in folder: String = "photos") throws -> String {
        for (index, name) in names.enumerated() {
            try write("\(folder)/\(name)", PictureData.png(seed: UInt64(index + 1)))
        }
        return self[folder]
    }

    /// What an import of pictures came to.
    struct Pictures {
        let dataset: MappedDataset
        let summary: PictureSummary
        let unreadable: [UnreadableFile]
        /// The data set's file.
        let bytes: [UInt8]

        var passedOver: [String] {
            summary.passedOver.map { "\($0.files) \($0.reason): \($0.example)" }
        }
    }

    /// Imports a folder or an archive into "out".
    func importingPictures(
        _ path: String, _ options: PictureOptions = PictureOptions(), classes: [String]? = nil, threads: Int = 2,
        limits: DatasetLimits = .standard
    ) throws -> Pictures {
        var unreadable: [UnreadableFile] = []
        let name = String(path.split(separator: "/").last!)
        let made = try DatasetImport.run(
            files: [SourceFile(name: name, path: path)], classes: classes, pictures: options, output: self["out"],
            threads: threads, limits: limits
        ) { news in
            if case .unreadable(let files) = news { unreadable += files }
        }
        let dataset = try MappedDataset(path: self["out"])
        precondition(dataset.description == made.dataset, "the file says something else than the import")
        return Pictures(
            dataset: dataset, summary: made.summary!, unreadable: unreadable, bytes: try read("out"))
    }

    /// Expects that an import is refused with this description and leaves nothing behind.
    func expectRefusal(
        ofPictures path: String, with options: PictureOptions = PictureOptions(), classes: [String]? = nil,
        limits: DatasetLimits = .standard, code: DatasetError.Code = .malformed, _ description: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try names()
        let error = try #require(throws: DatasetError.self, sourceLocation: sourceLocation) {
            try importingPictures(path, options, classes: classes, limits: limits)
        }
        #expect(error.code == code, sourceLocation: sourceLocation)
        #expect("\(error)" == description, sourceLocation: sourceLocation)
        #expect(try names() == before, sourceLocation: sourceLocation)
    }
}
