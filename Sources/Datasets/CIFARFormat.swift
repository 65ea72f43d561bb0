/// The two record formats of CIFAR's binary files: label bytes, then the red, green and blue planes of a 32×32 picture.
///
/// Source: A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
enum CIFARFormat: CaseIterable {
    /// One label.
    case cifar10
    /// A coarse and a fine label, of which the fine one counts.
    case cifar100

    var labelBytes: Int { self == .cifar10 ? 1 : 2 }
    var recordBytes: Int { labelBytes + Picture.byteCount }
    var sourceFormat: SourceFormat { self == .cifar10 ? .cifar10 : .cifar100 }

    /// The name of the list of class names that comes with the format.
    var classListName: String { self == .cifar10 ? "batches.meta.txt" : "fine_label_names.txt" }

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
                name would tell: data_batch_1.bin or test_batch.bin, train.bin or test.bin
                """)
        }
    }

    private static func noWholeRecords(_ official: CIFARFormat?, _ fileSize: Int, _ file: String) -> DatasetError {
        func remainder(_ format: CIFARFormat) -> String {
            let (records, rest) = fileSize.quotientAndRemainder(dividingBy: format.recordBytes)
            let name = format == .cifar10 ? "CIFAR-10" : "CIFAR-100"
            return "record \(records) has \(rest) bytes; right for \(name) would be \(format.recordBytes)"
        }
        let problem = (official.map { [$0] } ?? Array(allCases)).map(remainder).joined(separator: ", or ")
        return DatasetError(.malformed, file, "\(fileSize) bytes are no whole number of records: \(problem)")
    }
}
