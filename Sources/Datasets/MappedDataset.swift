import Bitmaps
import Safetensors
import Varlink

/// A data set as `DatasetImport` writes it, mapped read-only: its pictures cost no memory but the page cache, and any
/// number of threads may read them.
public final class MappedDataset: Sendable {
    /// The pictures for training, or those for testing.
    public struct Split: Sendable {
        public let count: Int
        /// Columns of each picture.
        public let width: Int
        /// Rows of each picture.
        public let height: Int
        fileprivate let file: SafetensorsFile
        fileprivate let images: TensorInfo
        fileprivate let labels: TensorInfo
        fileprivate let paths: TensorInfo?

        /// Bytes of each picture.
        public var pictureBytes: Int { DatasetFile.planes * height * width }

        /// Picture `index`: the red, green and blue planes, rows of bytes. Valid as long as the split.
        public func picture(_ index: Int) -> UnsafeRawBufferPointer {
            let start = index * pictureBytes
            return UnsafeRawBufferPointer(rebasing: file.bytes(of: images)[start..<start + pictureBytes])
        }

        /// All labels, of two bytes each.
        public var labelBytes: UnsafeRawBufferPointer { file.bytes(of: labels) }

        /// The paths that the pictures had below what was imported; nil where they were no files. Valid as long as the split.
        public var names: PictureNames? { paths.map { PictureNames(file.bytes(of: $0)) } }

        /// The label of picture `index`: an index of `classes`.
        public func label(_ index: Int) -> Int {
            Int(
                UInt16(
                    littleEndian: file.bytes(of: labels)
                        .loadUnaligned(fromByteOffset: index * DatasetFile.labelBytes, as: UInt16.self)))
        }
    }

    public let description: DatasetDescription
    public let train: Split
    /// nil where the data set has no test pictures.
    public let test: Split?

    /// Names in the order of the labels.
    public var classes: [String] { description.classes }

    /// Maps the file and checks all of it but the pixels: that it is a data set, that the tensors agree with each other,
    /// and that every label has a class.
    public init(path: String) throws(DatasetError) {
        let file: SafetensorsFile
        do {
            file = try SafetensorsFile(mapping: path)
        } catch {
            if case .unreadable(_, let errno) = error { throw .unreadable(path, errno: errno) }
            throw DatasetError(.malformed, path, error.problem)
        }
        func metadata(_ key: String) throws(DatasetError) -> String {
            guard let value = file.metadata[key] else {
                throw DatasetError(.malformed, path, "not a data set of sqzd: its metadata has no \(key)")
            }
            return value
        }

        let format = try metadata(DatasetFile.formatKey)
        guard format == DatasetFile.format else {
            throw DatasetError(.malformed, path, "its format is \(format); right would be \(DatasetFile.format)")
        }
        let sourceName = try metadata(DatasetFile.sourceKey)
        guard let source = SourceFormat(rawValue: sourceName) else {
            throw DatasetError(.malformed, path, "its \(DatasetFile.sourceKey) is \(sourceName), which is not known")
        }
        let list = try metadata(DatasetFile.classesKey)
        let classes: [String]
        do {
            classes = try JSON.decode([String].self, from: Array(list.utf8))
        } catch {
            throw DatasetError(.malformed, path, error.sentence(about: "its " + DatasetFile.classesKey))
        }
        try ClassNames.check(classes, file: path, limits: .standard)

        let names = [DatasetFile.SplitNames.train, .test]
        let known = Set(names.flatMap { [$0.images, $0.labels, $0.names] })
        if let stranger = file.tensors.keys.sorted().first(where: { !known.contains($0) }) {
            throw DatasetError(.malformed, path, "a tensor \(stranger), which no data set has")
        }
        let none = [Int](repeating: 0, count: classes.count)
        var (trainByClass, testByClass) = (none, none)
        train = try Self.split(file, .train, source, &trainByClass)
        let hasTest = [names[1].images, names[1].labels, names[1].names].contains { file.tensors[$0] != nil }
        test = hasTest ? try Self.split(file, .test, source, &testByClass) : nil
        guard (test?.width ?? train.width) == train.width else {
            throw DatasetError(
                .malformed, path, "its training pictures have \(train.width) columns, its test pictures \(test!.width)")
        }
        let fit = file.metadata[DatasetFile.fitKey].flatMap { Fit(rawValue: $0) }
        guard source != .pictures || fit != nil else {
            throw DatasetError(.malformed, path, "its metadata has no known \(DatasetFile.fitKey)")
        }
        description = DatasetDescription(
            format: source, classes: classes, trainByClass: trainByClass, testByClass: testByClass,
            height: train.height, width: train.width, fit: fit)
    }

    /// - Parameter counts: has a place for each class, to which its pictures are added.
    private static func split(
        _ file: SafetensorsFile, _ names: DatasetFile.SplitNames, _ source: SourceFormat, _ counts: inout [Int]
    ) throws(DatasetError) -> Split {
        func tensor(_ name: String, _ type: ElementType, rank: Int) throws(DatasetError) -> TensorInfo {
            guard let info = file.tensors[name] else {
                throw DatasetError(.malformed, file.path, "it has no tensor \(name)")
            }
            guard info.type == type, info.shape.count == rank else {
                throw DatasetError(
                    .malformed, file.path,
                    "\(name) is \(info.type.rawValue) \(info.shape); right would be \(type.rawValue) of \(rank) dimensions"
                )
            }
            return info
        }
        let images = try tensor(names.images, .uint8, rank: 4)
        let labels = try tensor(names.labels, .uint16, rank: 1)
        let count = labels.shape[0]
        let side = images.shape[3]
        guard count > 0, images.shape == DatasetFile.imagesShape(count: count, side: side),
            source.side.map({ $0 == side }) ?? DatasetLimits.standard.sides.contains(side)
        else {
            let sides = source.side.map { "\($0), \($0)" } ?? "S, S"
            throw DatasetError(
                .malformed, file.path,
                """
                \(names.images) is \(images.shape) and \(names.labels) \(labels.shape); right would be \
                [N, \(DatasetFile.planes), \(sides)] and [N], N at least 1
                """)
        }
        let paths = source == .pictures ? try tensor(names.names, .uint8, rank: 1) : nil
        if let paths {
            let bytes = file.bytes(of: paths)
            let found = bytes.split(separator: 0, omittingEmptySubsequences: false)
            guard found.count == count + 1, found[count].isEmpty, !found.dropLast().contains(where: \.isEmpty) else {
                throw DatasetError(.malformed, file.path, "\(names.names) has not a path for each of \(count) pictures")
            }
        }
        let split = Split(
            count: count, width: side, height: side, file: file, images: images, labels: labels, paths: paths)
        for index in 0..<count {
            let label = split.label(index)
            guard label < counts.count else {
                let classes = DatasetError.count(counts.count, "class", "classes")
                throw DatasetError(
                    .malformed, file.path, "\(names.labels)[\(index)] is \(label); right for \(classes) would be less")
            }
            counts[label] += 1
        }
        return split
    }
}
