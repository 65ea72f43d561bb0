import Datasets
import TestSupport
import Testing

/// Every resource that a user can make an import spend has a limit; each is met here, with smaller ones than sqzd's.
struct LimitTests {
    let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    @Test func files() throws {
        var limits = DatasetLimits()
        limits.files = 2
        let files = ["a.bin", "b.bin", "c.bin"].map { ($0, TestData.records([[0]])) }
        #expect(try scratch.importing(Array(files[..<2]), limits: limits).train.count == 2)
        try Oracle.run("rm", [scratch["out"]])
        try scratch.expectRefusal(files, limits: limits, code: .overLimit, "3 files; at most 2 are taken")
        try scratch.write("in/c.bin", [])
        let tar = try Oracle.run("tar", ["-C", scratch["in"], "-cz", "a.bin", "b.bin", "c.bin"])
        try scratch.expectRefusal(
            [("a.tar.gz", tar)], limits: limits, code: .overLimit, "a.tar.gz: more than 2 files in one import")
    }

    @Test func pictures() throws {
        var limits = DatasetLimits()
        limits.pictures = 2
        try scratch.expectRefusal(
            [("data.bin", TestData.records([[0], [0]])), ("test.bin", TestData.records([[0]]))], limits: limits,
            code: .overLimit,
            "3 pictures; at most 2 are taken, and 10828235 fit into 33285996544 bytes")
        try scratch.expectRefusal(
            [("data.bin", TestData.records([[0], [0], [0]]))], limits: limits, code: .overLimit,
            "data.bin: 3 pictures; at most 2 are taken, and 10828235 fit into 33285996544 bytes")
    }

    @Test func outputBytes() throws {
        var limits = DatasetLimits()
        limits.outputBytes = 2 * 3_074
        #expect(try scratch.importing([("a.bin", TestData.records([[0], [0]]))], limits: limits).train.count == 2)
        try Oracle.run("rm", [scratch["out"]])
        try scratch.expectRefusal(
            [("a.bin", TestData.records([[0], [0], [0]]))], limits: limits, code: .overLimit,
            "3 pictures; at most 10000000 are taken, and 2 fit into 6148 bytes")
    }

    @Test func aGzipBombIsRefusedWhileItIsRead() throws {
        var limits = DatasetLimits()
        limits.decompressedBytes = 1 << 20
        try Oracle.run("truncate", ["-s", "100M", scratch["zeros"]])
        let bomb = try Oracle.run("gzip", ["-c", scratch["zeros"]])
        try Oracle.run("rm", [scratch["zeros"]])
        try scratch.expectRefusal(
            [("a.gz", bomb)], limits: limits, code: .overLimit, "a.gz: more than 1048576 bytes after decompression")
    }

    /// Ten KiB of a tar archive can deliver terabytes of zeros.
    @Test func anArchiveThatClaimsTooMuch() throws {
        try Oracle.run("truncate", ["-s", "\(2_000_000_000 * 3_073)", scratch["sparse.bin"]])
        let tar = try Oracle.run("tar", ["-C", scratch.path, "--sparse", "-c", "sparse.bin"])
        try Oracle.run("rm", [scratch["sparse.bin"]])
        try scratch.expectRefusal(
            [("a.tar", tar)], code: .overLimit, "a.tar: more than 34359738368 bytes after decompression")
        var limits = DatasetLimits()
        limits.decompressedBytes = .max
        try scratch.expectRefusal(
            [("a.tar", tar)], limits: limits, code: .overLimit,
            "a.tar: sparse.bin: 2000000000 pictures; at most 10000000 are taken, and 10828235 fit into 33285996544 bytes"
        )
    }

    @Test func classNames() throws {
        var limits = DatasetLimits()
        limits.classes = 2
        limits.classNameBytes = 4
        let record = [("data_batch_1.bin", TestData.records([[0]]))]
        #expect(try scratch.importing(record, classes: ["four", "vié"], limits: limits).classes.count == 2)
        try Oracle.run("rm", [scratch["out"]])
        try scratch.expectRefusal(
            record, classes: ["a", "b", "c"], limits: limits, code: .overLimit,
            "classes: 3 class names; at most 2 are taken")
        try scratch.expectRefusal(
            record, classes: ["a", "viéé"], limits: limits, code: .overLimit,
            "classes: the name of class 1 has 6 bytes; at most 4 are taken")
        try scratch.expectRefusal(
            record + [("batches.meta.txt", Array("a\nb\nc\n".utf8))], limits: limits, code: .overLimit,
            "batches.meta.txt: 3 class names; at most 2 are taken")
        try scratch.expectRefusal(
            record + [("batches.meta.txt", [UInt8](repeating: 10, count: 25))], limits: limits, code: .overLimit,
            "batches.meta.txt: a list of class names of more than 24 bytes")
    }
}
