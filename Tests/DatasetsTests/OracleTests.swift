import Datasets
import Foundation
import TestSupport
import Testing
import Varlink

/// What numpy finds in the same files.
struct OracleTests {
    struct Expected: Decodable {
        let train: SplitFigures
        let test: SplitFigures?
        let classes: [String]?
    }

    static let fashion = "/usr/share/datasets/fashion-mnist"

    static func inputs(_ folder: String, _ isWanted: (String) -> Bool) throws -> [SourceFile] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter(isWanted).map {
            SourceFile(name: $0, path: "\(folder)/\($0)")
        }
    }

    static func expect(
        _ dataset: MappedDataset, _ expected: Expected, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(SplitFigures(dataset.train) == expected.train, sourceLocation: sourceLocation)
        #expect(dataset.test.map { SplitFigures($0) } == expected.test, sourceLocation: sourceLocation)
    }

    /// Files as they are downloaded, made by Fixtures/datasets/make.py with numpy, tarfile and gzip.
    @Test(arguments: [
        ("cifar-10", "cifar-10-binary"), ("cifar-100", "cifar-100-binary"), ("idx", "ubyte"),
    ])
    func fixturesAgreeWithNumpy(format: String, names: String) throws {
        let scratch = try ScratchDirectory()
        let text = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Oracle.fixture("datasets/expected.json"))))
        let expected = try #require(try JSON.decode([String: Expected].self, from: text)[format])
        let dataset = try scratch.importing(Self.inputs(Oracle.fixture("datasets")) { $0.contains(names) })
        #expect(dataset.description.format.rawValue == format)
        #expect(dataset.classes == expected.classes)
        Self.expect(dataset, expected)
    }

    /// The figures are what `describe.py idx /usr/share/datasets/fashion-mnist` printed.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: fashion), "the package dataset-fashion-mnist is absent"))
    func fashionMNISTAgreesWithNumpy() throws {
        let scratch = try ScratchDirectory()
        let dataset = try scratch.importing(Self.inputs(Self.fashion) { _ in true })
        #expect(dataset.classes == TestData.digits)
        Self.expect(
            dataset,
            try JSON.decode(
                Expected.self,
                from: Array(
                    """
                    {"train": {"count": 60000, "pixels": 10293342507, "labels": 270000, "order": 337848110772392},
                     "test": {"count": 10000, "pixels": 1720407246, "labels": 45000, "order": 56437373937365}}
                    """.utf8)))
    }

    @Test(
        .enabled(if: Oracle.shared != nil, "no shared data: neither SQZ_SHARED nor ../shared"),
        .enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with numpy and Pillow"))
    func realCIFAR10AgreesWithNumpy() throws {
        let (scratch, python) = (try ScratchDirectory(), try #require(Oracle.python))
        let folder = scratch["cifar"]
        try Oracle.run(python, ["\(try #require(Oracle.shared))/data/unpack-cifar10", folder])
        let figures = try Oracle.run(python, [Oracle.fixture("datasets/describe.py"), "cifar-10", folder])
        let dataset = try scratch.importing(Self.inputs(folder) { _ in true })
        #expect(dataset.classes.first == "airplane")
        #expect(dataset.train.count == 50_000)
        Self.expect(dataset, try JSON.decode(Expected.self, from: figures))
    }

    @Test(.enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with safetensors and numpy"))
    func theReferenceImplementationReadsADataset() throws {
        struct File: Decodable {
            struct Tensor: Decodable, Equatable {
                let dtype: String
                let shape: [Int]
                let hex: String
            }
            let metadata: [String: String]
            let tensors: [String: Tensor]
        }
        let scratch = try ScratchDirectory()
        let records = TestData.records([[1], [0]])
        _ = try scratch.importing([("data_batch_1.bin", records)], classes: ["a", "\"b\""])
        let script = Oracle.fixture("safetensors/describe.py")
        let file = try JSON.decode(File.self, from: Oracle.run(try #require(Oracle.python), [script, scratch["out"]]))
        #expect(
            file.metadata == ["format": "sqzd-dataset-1", "source": "cifar-10", "classes": #"["a","\"b\""]"#])
        #expect(file.tensors["train.labels"] == .init(dtype: "uint16", shape: [2], hex: "01000000"))
        let pixels = records[1..<3073] + records[3074...]
        let hex = pixels.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(file.tensors["train.images"] == .init(dtype: "uint8", shape: [2, 3, 32, 32], hex: hex))
    }
}
