import Datasets
import Foundation
import TestSupport
import Testing

/// What a user can make an import of pictures spend; each limit is met here, with smaller ones than sqzd's.
struct PictureLimitTests {
    let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func limits(_ change: (inout DatasetLimits) -> Void) -> DatasetLimits {
        var limits = DatasetLimits()
        change(&limits)
        return limits
    }

    @Test func files() throws {
        let path = try scratch.writePictures(["a/1.png", "b/1.png"])
        try scratch.write("photos/c.txt", [1])
        #expect(try scratch.importingPictures(path, limits: limits { $0.treeFiles = 3 }).dataset.train.count == 2)
        try FileManager.default.removeItem(atPath: scratch["out"])
        try scratch.expectRefusal(
            ofPictures: path, limits: limits { $0.treeFiles = 2 }, code: .overLimit, "more than 2 files in one import")
    }

    @Test func picturesAndBytes() throws {
        let path = try scratch.writePictures(["a/1.png", "b/1.png", "b/2.png"])
        try scratch.expectRefusal(
            ofPictures: path, limits: limits { $0.pictures = 2 }, code: .overLimit,
            "3 pictures; at most 2 are taken, and 6931694 of the size 40 fit into 33285996544 bytes")
        try scratch.expectRefusal(
            ofPictures: path, limits: limits { $0.outputBytes = 3 * 4_802 - 1 }, code: .overLimit,
            "3 pictures; at most 10000000 are taken, and 2 of the size 40 fit into 14405 bytes")
        let made = try scratch.importingPictures(path, limits: limits { $0.outputBytes = 3 * 4_802 })
        #expect(made.dataset.train.count == 3)
    }

    @Test func bytesOfAFile() throws {
        let path = try scratch.writePictures(["a/1.png", "b/1.png"])
        let large = try scratch.write("photos/b/large.png", PictureData.png(90, 90))
        let size = try Data(contentsOf: URL(fileURLWithPath: large)).count
        try scratch.write("photos/b/film", [UInt8](repeating: 0, count: size))
        try scratch.expectRefusal(
            ofPictures: path, limits: limits { $0.pictureFileBytes = size - 1 },
            "b/large.png: it has \(size) bytes; at most \(size - 1) are read; --skip-unreadable leaves it out")
        let made = try scratch.importingPictures(path, limits: limits { $0.pictureFileBytes = size })
        #expect(made.dataset.train.count == 3 && made.summary.passedOver.map(\.reason) == [.noPicture])
    }

    @Test func pathsAndDepth() throws {
        let path = try scratch.writePictures(["a/1.png", "b/1.png", "b/c/d/1.png"])
        #expect(try scratch.importingPictures(path, limits: limits { $0.depth = 3 }).dataset.train.count == 3)
        try FileManager.default.removeItem(atPath: scratch["out"])
        try scratch.expectRefusal(
            ofPictures: path, limits: limits { $0.depth = 2 }, code: .overLimit,
            "b/c/d/1.png: it lies 3 folders deep; at most 2 are read")
        try scratch.expectRefusal(
            ofPictures: path, limits: limits { $0.pathBytes = 10 }, code: .overLimit,
            "b/c/d/1.png…: a path of 11 bytes; at most 10 are taken")
    }

    @Test func classesAndSides() throws {
        let path = try scratch.writePictures(["a/1.png", "b/1.png", "c/1.png"])
        try scratch.expectRefusal(
            ofPictures: path, limits: limits { $0.classes = 2 }, code: .overLimit,
            "3 class names; at most 2 are taken")
        for size in [0, 1_025] {
            try scratch.expectRefusal(
                ofPictures: path, with: PictureOptions(size: size), code: .overLimit,
                "a size of \(size); right would be 1 to 1024")
        }
        #expect(try scratch.importingPictures(path, PictureOptions(size: 1)).dataset.train.width == 1)
    }

    @Test func twoThousandClasses() throws {
        let picture = try PictureData.png()
        for index in 0..<2_000 { try scratch.write("photos/\(index)/1.png", picture) }
        let made = try scratch.importingPictures(scratch["photos"])
        #expect(made.dataset.classes.count == 2_000 && made.dataset.description.trainByClass.allSatisfy { $0 == 1 })
    }

    /// Whatever it is that is unpacked.
    @Test(arguments: ["tar.gz", "tar.xz", "zip"]) func aBombIsRefusedWhileItIsRead(_ kind: String) throws {
        let path = try scratch.writePictures(["a/1.png", "b/1.png"])
        try Oracle.run("truncate", ["-s", "20M", path + "/zeros"])
        if kind == "zip" {
            try Oracle.run("python3", ["-m", "zipfile", "-c", scratch["a.zip"], path])
        } else {
            try Oracle.run("tar", ["-C", scratch.path, "-caf", scratch["a.\(kind)"], "photos"])
        }
        try scratch.expectRefusal(
            ofPictures: scratch["a.\(kind)"], limits: limits { $0.decompressedBytes = 1 << 20 }, code: .overLimit,
            "a.\(kind): more than 1048576 bytes after decompression")
    }

    /// A picture's header says more than is decoded, or allocated.
    @Test func pixels() throws {
        let path = try scratch.writePictures(["a/1.png", "b/1.png"])
        try Oracle.run(
            "python3",
            [
                "-c",
                """
                import struct, sys, zlib
                def chunk(name, data): return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
                header = struct.pack('>IIBBBBB', 50000, 50000, 8, 2, 0, 0, 0)
                open(sys.argv[1], 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', header) + chunk(b'IDAT', b'x') + chunk(b'IEND', b''))
                """, path + "/b/bomb.png",
            ])
        try scratch.expectRefusal(
            ofPictures: path,
            "b/bomb.png: 50000x50000 pixels of 3 channels are more than 268435456 values; --skip-unreadable leaves it out"
        )
    }

    /// However large they are, one picture at a time is decoded.
    @Test func memoryForFewPictures() throws {
        let path = try scratch.writePictures(["a/1.png", "b/1.png"])
        let made = try scratch.importingPictures(path, threads: 8, limits: limits { $0.decodedBytes = 1 })
        #expect(made.dataset.train.count == 2)
    }
}
