import Foundation
import SqzProtocol
import TestSupport
import Testing

/// Labels and names that do not fit are told at import, and pictures are counted by class.
@Suite(.serialized, .daemon()) struct LabelTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    /// A CIFAR-10 file of a dark picture for each label, in a folder of its own, with this list of names.
    private func folder(_ name: String, _ labels: [UInt8], tested: [UInt8] = [], names: [String]?) throws -> String {
        func write(_ file: String, _ labels: [UInt8]) throws {
            guard !labels.isEmpty else { return }
            let records = labels.flatMap { [$0] + [UInt8](repeating: 9, count: 3_072) }
            try scratch.write("\(name)/\(file)", records)
        }
        try write("data_batch_1.bin", labels)
        try write("test_batch.bin", tested)
        if let names { try scratch.write("\(name)/batches.meta.txt", Array(names.joined(separator: "\n").utf8)) }
        return scratch[name]
    }

    @Test func whatIsSuspiciousIsTold() throws {
        let names = (0...10).map { "n\($0)" }
        for (name, labels, tested, names, remark) in [
            (
                "more-names", Array(0...9), [], names,
                "class 10 (n10) has no pictures: there are 11 names, but the labels end at 9"
            ),
            (
                "from-1", Array(1...9), [], Array(names.prefix(10)),
                "class 0 (n0) has no pictures: do the labels begin at 1?"
            ),
            ("unnamed", [1, 2], [], nil, "class 0 has no pictures: do the labels begin at 1?"),
            ("tested", [0], [1], ["a", "b"], "class 1 (b) has test pictures, but none to train"),
            (
                "few", [3], [], names,
                "classes 0 (n0), 1 (n1), 2 (n2), 4 (n4), 5 (n5) and 5 more have no pictures"
            ),
        ] as [(String, [UInt8], [UInt8], [String]?, String)] {
            let path = try folder(name, labels, tested: tested, names: names)
            for words in [["dataset", "import", path], ["dataset", "import", path, "--json"]] {
                let transcript = try Sqzctl.run(socket: daemon.socket, words)
                transcript.expect(0)
                #expect(transcript.errors == "data set \(name): \(remark)\n")
            }
            try daemon.wait(
                for: "data set \(name) imported: \(labels.count) training and \(tested.count) test pictures; \(remark)")
        }
        let path = try folder("trained", [1, 2], names: nil)
        try Sqzctl.run(daemon, "train", "--data", path, "--hold")
            .expect(0, "data set trained: class 0 has no pictures: do the labels begin at 1?\n")
        let whole = try Sqzctl.run(daemon, "dataset", "import", folder("whole", [0, 1], names: nil))
        #expect(whole.ending == .exited(0) && whole.errors.isEmpty)
        try Sqzctl.run(daemon, "dataset", "import", folder("too-few", [0, 1, 2], names: ["a"]))
            .expect(65, "record 1 has the label 1; right for 1 class would be 0")
    }

    @Test func classesAreShownWithTheirPictures() throws {
        try Sqzctl.run(
            daemon, "dataset", "import", folder("short", [0, 0, 2], tested: [1, 2], names: ["a", "b", "c"])
        )
        .expect(0)
        let short = try Sqzctl.run(daemon, "dataset", "show", "short").output
        #expect(
            short.hasSuffix(
                "\n\nCLASS  NAME  TRAIN  TEST\n    0  a         2     0\n    1  b         0     1\n    2  c         1     1\n"
            ),
            "\(short)")
        // 100 classes of which 70 and 71 have nothing, 0 has two.
        let labels = [0] + (0..<100).filter { $0 != 70 && $0 != 71 }.map { UInt8($0) }
        try Sqzctl.run(daemon, "dataset", "import", folder("long", labels, names: nil)).expect(0)
        let long = try Sqzctl.run(daemon, "dataset", "show", "long").output
        #expect(long.contains("a class has  0 to 2 (median 1) to train\n"), "\(long)")
        #expect(
            long.hasSuffix("\n\nCLASS  NAME  TRAIN  TEST\n   70  70        0     0\n   71  71        0     0\n"),
            "\(long)")
        try Sqzctl.run(daemon, "dataset", "import", folder("sparse", [99], names: nil)).expect(0)
        let sparse = try Sqzctl.run(daemon, "dataset", "show", "sparse").output
        #expect(sparse.hasSuffix("   19  19        0     0\nand 79 more without pictures to train\n"), "\(sparse)")
    }

    @Test func aListOfNamesMayHaveAByteOrderMarkAndBlankLinesAreNotPassedOver() throws {
        let data = try folder("marked", [0, 1], names: nil) + "/data_batch_1.bin"
        let marked = try scratch.write("marked.txt", Array("\u{FEFF}a\r\nb\r\n\r\n".utf8))
        try Sqzctl.run(daemon, "dataset", "import", data, "--name", "marked", "--classes", marked).expect(0)
        #expect(try daemon.call(DatasetsInterface.Show.self, .init(dataset: "marked")).dataset.classes == ["a", "b"])
        let gap = try scratch.write("gap.txt", Array("a\n\nb\n".utf8))
        try Sqzctl.run(daemon, "dataset", "import", data, "--name", "gap", "--classes", gap)
            .expect(65, "the name of class 1 is empty; one a line would be right")
    }
}
