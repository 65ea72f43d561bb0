import Datasets
import TestSupport
import Testing

/// Small inputs for imports, and the whole of a data set for comparison.
enum TestData {
    static let classes = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

    /// The names of ten classes that came without any.
    static let digits = (0..<10).map(String.init)

    /// CIFAR records: `labels` each, then pixels that `seed` gives.
    static func records(_ labels: [[UInt8]], seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return labels.flatMap { $0 + generator.bytes(PictureRecord.pictureBytes) }
    }

    static func bigEndian(_ fields: [UInt32]) -> [UInt8] {
        fields.flatMap { field in withUnsafeBytes(of: field.bigEndian) { Array($0) } }
    }

    static func idxPictures(_ count: Int, side: Int = 28, seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return bigEndian([0x803, UInt32(count), UInt32(side), UInt32(side)]) + generator.bytes(count * side * side)
    }

    static func idxLabels(_ labels: [UInt8]) -> [UInt8] {
        bigEndian([0x801, UInt32(labels.count)]) + labels
    }
}

extension ScratchDirectory {
    /// Writes `files` and imports them into "out", which afterwards is there only if that succeeded.
    func importing(
        _ files: [(name: String, bytes: [UInt8])], classes: [String]? = nil, limits: DatasetLimits = .standard
    ) throws -> MappedDataset {
        let inputs = try files.map { SourceFile(name: $0.name, path: try write("in/\($0.name)", $0.bytes)) }
        return try importing(inputs, classes: classes, limits: limits)
    }

    func importing(
        _ inputs: [SourceFile], classes: [String]? = nil, limits: DatasetLimits = .standard
    ) throws -> MappedDataset {
        let made = try DatasetImport.run(
            files: inputs, classes: classes, output: self["out"], limits: limits, progress: { _ in })
        let dataset = try MappedDataset(path: self["out"])
        precondition(dataset.description == made.dataset, "the file says something else than the import")
        return dataset
    }

    /// Expects that the import of `files` fails with this description and leaves nothing behind.
    func expectRefusal(
        _ files: [(name: String, bytes: [UInt8])], classes: [String]? = nil, limits: DatasetLimits = .standard,
        code: DatasetError.Code = .malformed, _ description: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let error = try #require(throws: DatasetError.self, sourceLocation: sourceLocation) {
            try importing(files, classes: classes, limits: limits)
        }
        #expect(error.code == code, sourceLocation: sourceLocation)
        #expect("\(error)" == description, sourceLocation: sourceLocation)
        #expect(try names().filter { $0 != "in" }.isEmpty, sourceLocation: sourceLocation)
    }
}

/// What Fixtures/datasets/describe.py prints of a split.
struct SplitFigures: Codable, Equatable {
    let count: Int
    let pixels: Int
    let labels: Int
    let order: UInt64

    init(_ split: MappedDataset.Split) {
        var pixels = 0
        var order: UInt64 = 0
        var weight: UInt64 = 1
        func add(_ byte: UInt8) {
            order &+= weight &* UInt64(byte)
            weight = weight == 65521 ? 1 : weight + 1
        }
        for index in 0..<split.count {
            for byte in split.picture(index) {
                pixels += Int(byte)
                add(byte)
            }
        }
        weight = 1
        for index in 0..<split.count { add(UInt8(split.label(index))) }
        count = split.count
        labels = (0..<split.count).reduce(0) { $0 + split.label($1) }
        self.pixels = pixels
        self.order = order
    }
}
