import Datasets
import TestSupport
import Testing

/// What is taken, and what becomes of it.
struct ImportTests {
    let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    func labels(_ split: MappedDataset.Split?) -> [Int] {
        split.map { split in (0..<split.count).map(split.label) } ?? []
    }

    func gzipped(_ name: String) throws -> [UInt8] {
        try Oracle.run("gzip", ["-c", scratch[name]])
    }

    @Test func aFolderOfCIFAR10Batches() throws {
        let first = TestData.records([[3], [1]], seed: 1)
        let dataset = try scratch.importing([
            ("test_batch.bin", TestData.records([[9]], seed: 3)),
            ("data_batch_2.bin", TestData.records([[4]], seed: 2)),
            ("data_batch_1.bin", first),
            ("batches.meta.txt", Array((TestData.classes.joined(separator: "\n") + "\n\n").utf8)),
            ("readme.html", [0x3c]), (".hidden", [1]),
        ])
        #expect(dataset.description.format == .cifar10)
        #expect(dataset.classes == TestData.classes)
        #expect(labels(dataset.train) == [3, 1, 4])
        #expect(labels(dataset.test) == [9])
        #expect(Array(dataset.train.picture(1)) == Array(first[3074...]))
        #expect(try scratch.names() == ["in", "out"])
    }

    @Test func cifar100TakesTheFineLabel() throws {
        let dataset = try scratch.importing([
            ("train.bin", TestData.records([[9, 2], [1, 7]])), ("test.bin", TestData.records([[3, 0]])),
            ("coarse_label_names.txt", Array("coarse\n".utf8)),
            ("fine_label_names.txt", Array(TestData.classes.joined(separator: "\r\n").utf8)),
        ])
        #expect(dataset.description.format == .cifar100)
        #expect(dataset.classes == TestData.classes)
        #expect(labels(dataset.train) == [2, 7])
        #expect(labels(dataset.test) == [0])
    }

    @Test func aSingleFileIsForTrainingWhateverItsName() throws {
        let dataset = try scratch.importing([("test_batch.bin", TestData.records([[2], [0]]))])
        #expect(labels(dataset.train) == [2, 0])
        #expect(dataset.test == nil)
        #expect(dataset.classes == ["0", "1", "2"])
        #expect(labels(try scratch.importing([("mine", TestData.records([[5]]))]).train) == [5])
    }

    @Test func theSizeTellsTheFormatAndWhereBothFitTheName() throws {
        #expect(try scratch.importing([("train.bin", TestData.records([[1]]))]).description.format == .cifar10)
        // 3,074 records of CIFAR-10 are as long as 3,073 of CIFAR-100.
        let both = [UInt8](repeating: 0, count: 3_073 * 3_074)
        #expect(try scratch.importing([("data_batch_1.bin", both)]).train.count == 3_074)
        #expect(try scratch.importing([("train.bin", both)]).train.count == 3_073)
        let error = try #require(throws: DatasetError.self) { try scratch.importing([("mine.bin", both)]) }
        #expect(error.problem.contains("an official name would tell"))
    }

    @Test func aTarballGivesTheBytesOfItsFolder() throws {
        let names = ["data_batch_1.bin", "data_batch_2.bin", "test_batch.bin", "batches.meta.txt"]
        for (seed, name) in names.dropLast().enumerated() {
            try scratch.write("cifar-10-batches-bin/\(name)", TestData.records([[1], [2]], seed: UInt64(seed)))
        }
        try scratch.write("cifar-10-batches-bin/batches.meta.txt", Array("a\nb\nc\n".utf8))
        let folder = names.map { SourceFile(name: $0, path: scratch["cifar-10-batches-bin/\($0)"]) }
        _ = try scratch.importing(folder)
        let expected = try scratch.read("out")

        for (name, flags) in [("a.tar", "-cf"), ("b.tar.gz", "-czf"), ("c.tgz", "-czf"), ("upload", "-czf")] {
            try Oracle.run("tar", ["-C", scratch.path, flags, scratch[name], "cifar-10-batches-bin"])
            _ = try scratch.importing([SourceFile(name: name, path: scratch[name])])
            #expect(try scratch.read("out") == expected, "\(name)")
        }
        _ = try scratch.importing(folder.reversed())
        #expect(try scratch.read("out") == expected)
    }

    @Test func onlyRegularFilesOfATarballCount() throws {
        try scratch.write("x/data.bin", TestData.records([[1]]))
        try Oracle.run("ln", ["-s", "data.bin", scratch["x/link.bin"]])
        try Oracle.run("ln", [scratch["x/data.bin"], scratch["x/zhard.bin"]])
        try Oracle.run("tar", ["-C", scratch.path, "--sort=name", "-cf", scratch["a.tar"], "x"])
        let dataset = try scratch.importing([SourceFile(name: "a.tar", path: scratch["a.tar"])])
        #expect(dataset.train.count == 1)
    }

    @Test(arguments: ["v7", "ustar", "gnu", "oldgnu", "pax"])
    func everyTarFormat(format: String) throws {
        try scratch.write("x/größe.bin", TestData.records([[1]]))
        try Oracle.run("tar", ["-C", scratch.path, "--format=\(format)", "-cf", scratch["a.tar"], "x"])
        #expect(try scratch.importing([SourceFile(name: "a.tar", path: scratch["a.tar"])]).train.count == 1)
    }

    @Test func aNameFromATarballIsFitForATerminal() throws {
        try scratch.write("x/\u{1b}[2J.bin", [1])
        try Oracle.run("tar", ["-C", scratch.path, "-cf", scratch["a.tar"], "x"])
        let error = try #require(throws: DatasetError.self) {
            try scratch.importing([SourceFile(name: "a.tar", path: scratch["a.tar"])])
        }
        #expect(error.file == "a.tar: x/?[2J.bin")
    }

    @Test func idxIsPaddedAndRepeated() throws {
        let images = TestData.idxPictures(2)
        let dataset = try scratch.importing([
            ("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", TestData.idxLabels([1, 0])),
        ])
        #expect(labels(dataset.train) == [1, 0])
        #expect(dataset.test == nil)
        for index in 0..<2 {
            let picture = dataset.train.picture(index)
            for (y, x) in (0..<32).flatMap({ y in (0..<32).map { (y, $0) } }) {
                let isInside = (2..<30) ~= y && (2..<30) ~= x
                let grey = isInside ? images[16 + index * 784 + (y - 2) * 28 + x - 2] : 0
                let planes = (0..<3).map { picture[$0 * 1024 + y * 32 + x] }
                #expect(planes == [grey, grey, grey])
            }
        }
    }

    @Test func idxOf32By32IsNotPaddedAndMayBeGzipped() throws {
        let images = TestData.idxPictures(3, side: 32)
        try scratch.write("images", images)
        try scratch.write("labels", TestData.idxLabels([0, 1, 2]))
        let dataset = try scratch.importing([
            ("pictures.gz", try gzipped("images")), ("tags.gz", try gzipped("labels")),
        ])
        #expect(labels(dataset.train) == [0, 1, 2])
        #expect(Array(dataset.train.picture(2)[2048...]) == Array(images.suffix(1024)))
    }

    /// That the import counts what the file holds, `importing` checks.
    @Test func picturesAreCountedByClass() throws {
        let cifar = try scratch.importing([
            ("data_batch_1.bin", TestData.records([[3], [1], [3]])), ("test_batch.bin", TestData.records([[1]])),
            ("batches.meta.txt", Array("a\nb\nc\nd\ne\n".utf8)),
        ])
        #expect(cifar.description.trainByClass == [0, 1, 0, 2, 0] && cifar.description.testByClass == [0, 1, 0, 0, 0])
        let many = try scratch.importing([
            ("train-images-idx3-ubyte", TestData.idxPictures(300)),
            ("train-labels-idx1-ubyte", TestData.idxLabels((0..<300).map { $0 < 200 ? 2 : 0 })),
        ])
        #expect(many.description.trainByClass == [100, 0, 200] && many.description.testByClass == [0, 0, 0])
    }

    @Test func aByteOrderMarkIsNoPartOfAName() throws {
        let marked = Array("\u{FEFF}a\r\nb\r\n".utf8)
        let cifar10 = [("data_batch_1.bin", TestData.records([[0], [1]])), ("batches.meta.txt", marked)]
        #expect(try scratch.importing(cifar10).classes == ["a", "b"])
        let cifar100 = [("train.bin", TestData.records([[0, 0], [0, 1]])), ("fine_label_names.txt", marked)]
        #expect(try scratch.importing(cifar100).classes == ["a", "b"])
        // As a program has them that splits such a file at its line ends.
        let data = [("a.bin", TestData.records([[0], [1]]))]
        #expect(try scratch.importing(data, classes: ["\u{FEFF}a", "b", ""]).classes == ["a", "b"])
        try ScratchDirectory().expectRefusal(
            data, classes: ["\u{FEFF}", "b"], "classes: the name of class 0 is empty; one a line would be right")
    }

    @Test func binaryFilesAreNeverTakenForGzipOrTar() throws {
        var records = TestData.records([[0x1f], [0]])
        records[1] = 0x8b
        records.replaceSubrange(257..<262, with: "ustar".utf8)
        let dataset = try scratch.importing([("data_batch_1.bin", records)])
        #expect(labels(dataset.train) == [0x1f, 0])
    }

    @Test func progressIsTold() throws {
        let path = try scratch.write("a.bin", TestData.records(Array(repeating: [0], count: 300)))
        var told: [Int] = []
        _ = try DatasetImport.run(
            files: [SourceFile(name: "a.bin", path: path)], classes: nil, output: scratch["out"],
            progress: { if case .pictures(let count, of: nil) = $0 { told.append(count) } })
        #expect(told.last == 300)
        #expect(told.count > 1 && told == told.sorted())
    }
}
