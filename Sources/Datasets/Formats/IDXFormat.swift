extension SourceFormat {
    /// Pictures have the size of CIFAR's, so that the same networks take them.
    static let idx = SourceFormat(
        rawValue: "idx", side: PictureRecord.side,
        officialNames: "train-images-idx3-ubyte and train-labels-idx1-ubyte")
}

extension FormatReader {
    static let idx = FormatReader(
        files: "IDX files (\(SourceFormat.idx.officialNames))", formats: [.idx], startBytes: IDXHeader.maximumSize,
        recognizes: IDXHeader.recognizes
    ) { file, start, size throws(DatasetError) in
        let header = try IDXHeader(parsing: start, fileSize: size, file: file.displayName)
        var records = FileRecords(
            format: .idx, count: header.count, headerBytes: header.size, bytes: header.elementSize)
        if let side = header.side {
            records.picture = { copyGrey($0, side, to: $1) }
        } else {
            records.label = 0
        }
        return records
    }
}

/// The header of an IDX file: a magic number (0, 0, type of the elements, number of dimensions), then each dimension in
/// 4 bytes, big-endian.
///
/// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "File formats".
private struct IDXHeader {
    static let maximumSize = 16
    private static let picturesMagic: UInt32 = 0x0000_0803
    private static let labelsMagic: UInt32 = 0x0000_0801
    private static let elementTypes: Set<UInt8> = [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e]
    private static let sides = [28, PictureRecord.side]

    /// Rows and columns of grey pictures, one byte a pixel, row-major; nil in a file of labels.
    let side: Int?
    let count: Int

    /// Bytes of the header.
    var size: Int { side == nil ? 8 : 16 }

    /// Bytes of one picture or label.
    var elementSize: Int { side.map { $0 * $0 } ?? 1 }

    /// By the official names, and by the first bytes, be it a file that is of use here or not.
    static func recognizes(_ name: String, _ start: [UInt8]) -> Bool {
        let hasMagic =
            start.count >= 4 && start[0] == 0 && start[1] == 0 && elementTypes.contains(start[2]) && (1...4) ~= start[3]
        return name.hasSuffix("-ubyte") || name.hasSuffix(".idx") || !name.hasSuffix(".bin") && hasMagic
    }

    /// Parses `start`, the first bytes of a file of `fileSize` bytes, and checks that the file has what it says.
    init(parsing start: [UInt8], fileSize: Int, file: String) throws(DatasetError) {
        func malformed(_ problem: String) -> DatasetError { DatasetError(.malformed, file, problem) }
        func field(_ index: Int) throws(DatasetError) -> UInt32 {
            guard start.count >= 4 * index + 4 else {
                throw malformed("the IDX header is cut off after \(DatasetError.count(start.count, "byte"))")
            }
            return start[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }

        let magic = try field(0)
        switch magic {
        case Self.labelsMagic:
            side = nil
        case Self.picturesMagic:
            let (rows, columns) = (Int(try field(2)), Int(try field(3)))
            guard rows == columns, Self.sides.contains(rows) else {
                let right = Self.sides.map { "\($0)x\($0)" }.joined(separator: " or ")
                throw malformed("pictures of \(columns)x\(rows); right would be \(right)")
            }
            side = rows
        default:
            throw malformed(
                """
                the magic number is 0x\(hexadecimal(magic)); right would be 0x\(hexadecimal(Self.picturesMagic)) (grey \
                pictures, one byte a pixel) or 0x\(hexadecimal(Self.labelsMagic)) (labels of one byte)
                """)
        }
        count = Int(try field(1))

        let noun = side == nil ? "label" : "picture"
        guard count > 0 else { throw malformed("it holds no \(noun)s") }
        let records = DatasetError.count(count, noun)
        let rightSize = size + count * elementSize
        guard fileSize >= rightSize else {
            throw malformed(
                """
                it is cut off in record \((fileSize - size) / elementSize): \(DatasetError.count(fileSize, "byte")); \
                right for \(records) would be \(rightSize)
                """)
        }
        guard fileSize == rightSize else {
            throw malformed(
                """
                \(DatasetError.count(fileSize - rightSize, "byte")) too many: \(fileSize); right for \(records) would be \
                \(rightSize)
                """)
        }
    }
}

/// A grey picture amid a border of zeros, the same in all three planes.
private func copyGrey(_ grey: UnsafeRawBufferPointer, _ side: Int, to picture: UnsafeMutableRawBufferPointer) {
    let (width, planeBytes) = (PictureRecord.side, picture.count / DatasetFile.planes)
    let border = (width - side) / 2
    let plane = UnsafeMutableRawBufferPointer(rebasing: picture[..<planeBytes])
    plane.initializeMemory(as: UInt8.self, repeating: 0)
    for row in 0..<side {
        UnsafeMutableRawBufferPointer(rebasing: plane[((row + border) * width + border)...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: grey[(row * side)..<((row + 1) * side)]))
    }
    for start in [planeBytes, 2 * planeBytes] {
        UnsafeMutableRawBufferPointer(rebasing: picture[start...]).copyMemory(from: UnsafeRawBufferPointer(plane))
    }
}

private func hexadecimal(_ number: UInt32) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}
