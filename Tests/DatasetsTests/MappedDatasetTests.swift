import Datasets
import Safetensors
import TestSupport
import Testing

/// A data set's file is checked when it is opened: it may have come from anywhere.
struct MappedDatasetTests {
    let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    static let metadata = ["format": "sqzd-dataset-1", "classes": #"["a","b"]"#, "source": "cifar-10"]

    /// A file with these tensors, all bytes 1, in U16 then 0x0101 unless `labels` says otherwise.
    func write(
        _ tensors: [(name: String, type: ElementType, shape: [Int])], labels: [UInt8] = [1, 0],
        metadata: [String: String] = metadata
    ) throws -> String {
        let writer = try SafetensorsWriter(
            path: scratch["f"],
            tensors: tensors.map { TensorDeclaration(name: $0.name, type: $0.type, shape: $0.shape) },
            metadata: metadata)
        for tensor in tensors {
            let count = tensor.shape.reduce(tensor.type.size, *)
            let isLabels = tensor.name.hasSuffix("labels") && count == labels.count
            try (isLabels ? labels : [UInt8](repeating: 1, count: count)).withUnsafeBytes {
                try writer.write($0, to: tensor.name)
            }
        }
        try writer.commit()
        return scratch["f"]
    }

    static let images = (name: "train.images", type: ElementType.uint8, shape: [1, 3, 32, 32])
    static let labels = (name: "train.labels", type: ElementType.uint16, shape: [1])

    func expectRefusal(_ path: String, _ problem: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let error = try #require(throws: DatasetError.self, sourceLocation: sourceLocation) {
            try MappedDataset(path: path)
        }
        #expect(error.code == .malformed, sourceLocation: sourceLocation)
        #expect("\(error)" == "\(path): \(problem)", sourceLocation: sourceLocation)
    }

    @Test func opensWhatIsRight() throws {
        let dataset = try MappedDataset(path: write([Self.images, Self.labels]))
        #expect(dataset.train.count == 1)
        #expect(dataset.train.label(0) == 1)
        #expect((dataset.train.width, dataset.train.height) == (32, 32))
        #expect(dataset.train.pictureBytes == 3_072 && dataset.train.picture(0).count == 3_072)
        #expect(dataset.test == nil)
        #expect(dataset.classes == ["a", "b"])
    }

    @Test func refusesTensorsThatDisagree() throws {
        try expectRefusal(write([Self.images]), "it has no tensor train.labels")
        try expectRefusal(write([Self.labels]), "it has no tensor train.images")
        try expectRefusal(
            write([("train.images", .uint8, [2, 3, 32, 32]), Self.labels]),
            "train.images is [2, 3, 32, 32] and train.labels [1]; right would be [N, 3, 32, 32] and [N], N at least 1")
        try expectRefusal(
            write([("train.images", .uint8, [1, 3, 28, 28]), Self.labels]),
            "train.images is [1, 3, 28, 28] and train.labels [1]; right would be [N, 3, 32, 32] and [N], N at least 1")
        try expectRefusal(
            write([("train.images", .uint8, [0, 3, 32, 32]), ("train.labels", .uint16, [0])]),
            "train.images is [0, 3, 32, 32] and train.labels [0]; right would be [N, 3, 32, 32] and [N], N at least 1")
        try expectRefusal(
            write([("train.images", .int8, [1, 3, 32, 32]), Self.labels]),
            "train.images is I8 [1, 3, 32, 32]; right would be U8 of 4 dimensions")
        try expectRefusal(
            write([Self.images, ("train.labels", .uint8, [1])]),
            "train.labels is U8 [1]; right would be U16 of 1 dimensions")
        try expectRefusal(
            write([Self.images, Self.labels, ("test.labels", .uint16, [1])]), "it has no tensor test.images")
        try expectRefusal(
            write([Self.images, Self.labels, ("weights", .uint8, [1])]), "a tensor weights, which no data set has")
    }

    @Test func refusesLabelsWithoutAClass() throws {
        try expectRefusal(
            write([Self.images, Self.labels], labels: [2, 0]),
            "train.labels[0] is 2; right for 2 classes would be less")
    }

    @Test func refusesOtherMetadata() throws {
        func with(_ key: String, _ value: String?) throws -> String {
            var metadata = Self.metadata
            metadata[key] = value
            return try write([Self.images, Self.labels], metadata: metadata)
        }
        try expectRefusal(with("format", nil), "not a data set of sqzd: its metadata has no format")
        try expectRefusal(with("format", "pt"), "its format is pt; right would be sqzd-dataset-1")
        try expectRefusal(with("source", "x"), "its source is x, which is not known")
        try expectRefusal(with("classes", "[]"), "no class names; one a line would be right")
        try expectRefusal(with("classes", #"["a","a"]"#), "classes 0 and 1 have the same name: a")
        #expect(throws: DatasetError.self) { try MappedDataset(path: with("classes", "[1]")) }
        #expect(throws: DatasetError.self) { try MappedDataset(path: with("classes", "[")) }
    }

    @Test func refusesOtherFiles() throws {
        let error = #expect(throws: DatasetError.self) { try MappedDataset(path: scratch["absent"]) }
        #expect(error == DatasetError(.unreadable, scratch["absent"], "can't be read: No such file or directory"))
        try expectRefusal(
            scratch.write("short", [1, 2]),
            "not a valid safetensors file: it has 2 bytes; the header's length alone takes 8")
    }
}
