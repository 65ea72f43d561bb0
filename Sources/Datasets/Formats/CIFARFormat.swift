extension SourceFormat {
    /// A record has one label.
    public static let cifar10 = SourceFormat(
        rawValue: "cifar-10", side: PictureRecord.side, classList: "batches.meta.txt",
        officialNames: "data_batch_1.bin or test_batch.bin")
    /// A record has a coarse and a fine label, of which the fine one counts.
    public static let cifar100 = SourceFormat(
        rawValue: "cifar-100", side: PictureRecord.side, classList: "fine_label_names.txt",
        officialNames: "train.bin or test.bin")
}

extension FormatReader {
    static let cifar = FormatReader(
        files: "CIFAR-10 or CIFAR-100 binary files, their .tar.gz", formats: [.cifar10, .cifar100],
        recognizes: { _, _ in true }
    ) { file, _, size throws(DatasetError) in
        let format = try CIFARFormat(baseName: file.baseName, fileSize: size, file: file.displayName)
        return FileRecords(
            format: format.source, count: size / format.recordBytes, bytes: format.recordBytes,
            label: format.labelBytes - 1
        ) { record, picture in
            picture.copyMemory(from: UnsafeRawBufferPointer(rebasing: record[format.labelBytes...]))
        }
    }
}

/// The two record formats of CIFAR's binary files: label bytes, then the red, green and blue planes of a 32×32 picture.
///
/// Source: A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
private enum CIFARFormat: CaseIterable {
    case cifar10
    case cifar100

    var source: SourceFormat { self == .cifar10 ? .cifar10 : .cifar100 }
    var labelBytes: Int { self == .cifar10 ? 1 : 2 }
    var recordBytes: Int { labelBytes + PictureRecord.pictureBytes }

    /// Tells a file's format by its size, and where both fit, or neither, by its official name.
    init(baseName: String, fileSize: Int, file: String) throws(DatasetError) {
        guard fileSize > 0 else { throw DatasetError(.malformed, file, "it is empty") }
        let fitting = Self.allCases.filter { fileSize.isMultiple(of: $0.recordBytes) }
        let official: CIFARFormat? =
            switch baseName {
            case "train.bin", "test.bin": .cifar100
            case "test_batch.bin": .cifar10
            default: baseName.hasPrefix("data_batch_") ? .cifar10 : nil
            }
        if fitting.count == 1 {
            self = fitting[0]
        } else if let official, fitting.contains(official) {
            self = official
        } else if fitting.isEmpty {
            throw Self.noWholeRecords(official, fileSize, file)
        } else {
            throw DatasetError(
                .malformed, file,
                """
                \(fileSize) bytes are whole records both of CIFAR-10 (3,073 bytes) and of CIFAR-100 (3,074); an official \
                name would tell: \(Self.allCases.map(\.source.officialNames).joined(separator: ", "))
                """)
        }
    }

    private static func noWholeRecords(_ official: CIFARFormat?, _ fileSize: Int, _ file: String) -> DatasetError {
        let found = "\(DatasetError.count(fileSize, "byte")) \(fileSize == 1 ? "is" : "are") no whole number of records"
        guard let official else {
            return DatasetError(
                .malformed, file,
                """
                it is no part of a data set that is known: for CIFAR, \(found) (3073 bytes each, or 3074); \
                right would be \(ImportPlan.usable)
                """)
        }
        let (records, rest) = fileSize.quotientAndRemainder(dividingBy: official.recordBytes)
        let place = records > 0 ? ": record \(records) has \(DatasetError.count(rest, "byte"))" : ""
        return DatasetError(
            .malformed, file, "\(found)\(place); right for \(official.source.title) would be \(official.recordBytes)")
    }
}

/// What `classify` is given: the picture of a CIFAR-10 record, or the record (a label, then the picture).
public struct PictureRecord: Equatable, Sendable {
    /// Rows and columns of CIFAR's pictures.
    public static let side = 32
    /// The red, green and blue planes.
    public static let pictureBytes = DatasetFile.planes * side * side

    public let label: UInt8?
    /// `pictureBytes` bytes.
    public let pixels: [UInt8]

    public init(bytes: [UInt8]) throws(DatasetError) {
        switch bytes.count {
        case Self.pictureBytes:
            label = nil
            pixels = bytes
        case Self.pictureBytes + 1:
            label = bytes[0]
            pixels = Array(bytes[1...])
        default:
            throw DatasetError(
                .malformed, nil,
                """
                a picture of \(DatasetError.count(bytes.count, "byte")); right would be \(Self.pictureBytes) (the red, green and blue planes \
                of 32x32) or \(Self.pictureBytes + 1) (a label, then the picture)
                """)
        }
    }
}
