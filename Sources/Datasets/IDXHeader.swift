/// The header of an IDX file: a magic number (0, 0, type of the elements, number of dimensions), then each dimension in
/// 4 bytes, big-endian.
///
/// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "File formats".
struct IDXHeader: Equatable {
    enum Content: Equatable {
        /// Grey square pictures, one byte a pixel, row-major.
        case pictures(side: Int)
        case labels
    }

    static let maximumSize = 16
    private static let picturesMagic: UInt32 = 0x0000_0803
    private static let labelsMagic: UInt32 = 0x0000_0801
    private static let elementTypes: Set<UInt8> = [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e]
    private static let sides = [28, 32]

    let content: Content
    let count: Int

    /// Bytes of the header.
    var size: Int { content == .labels ? 8 : 16 }

    /// Bytes of one picture or label.
    var elementSize: Int {
        switch content {
        case .pictures(let side): side * side
        case .labels: 1
        }
    }

    /// Whether these first bytes of a file are those of some IDX file, be it one that is of use here or not.
    static func recognizes(_ start: [UInt8]) -> Bool {
        start.count >= 4 && start[0] == 0 && start[1] == 0 && elementTypes.contains(start[2]) && (1...4) ~= start[3]
    }

    /// Parses `start`, the first bytes of a file of `fileSize` bytes, and checks that the file has what it says.
    init(parsing start: [UInt8], fileSize: Int, file: String) throws(DatasetError) {
        func malformed(_ problem: String) -> DatasetError { DatasetError(.malformed, file, problem) }
        func field(_ index: Int) throws(DatasetError) -> UInt32 {
            guard start.count >= 4 * index + 4 else {
                throw malformed("the IDX header is cut off after \(start.count) bytes")
            }
            return start[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }

        let magic = try field(0)
        switch magic {
        case Self.labelsMagic:
            content = .labels
        case Self.picturesMagic:
            let (rows, columns) = (Int(try field(2)), Int(try field(3)))
            guard rows == columns, Self.sides.contains(rows) else {
                throw malformed("pictures of \(columns)×\(rows); right would be 28×28 or 32×32")
            }
            content = .pictures(side: rows)
        default:
            throw malformed(
                """
                the magic number is 0x\(hexadecimal(magic)); right would be 0x\(hexadecimal(Self.picturesMagic)) (grey \
                pictures, one byte a pixel) or 0x\(hexadecimal(Self.labelsMagic)) (labels of one byte)
                """)
        }
        count = Int(try field(1))

        let noun = content == .labels ? "labels" : "pictures"
        guard count > 0 else { throw malformed("it holds no \(noun)") }
        let rightSize = size + count * elementSize
        guard fileSize >= rightSize else {
            throw malformed(
                """
                it is cut off in record \((fileSize - size) / elementSize): \(fileSize) bytes; right for \(count) \
                \(noun) would be \(rightSize)
                """)
        }
        guard fileSize == rightSize else {
            throw malformed(
                "\(fileSize - rightSize) bytes too many: \(fileSize); right for \(count) \(noun) would be \(rightSize)")
        }
    }
}

private func hexadecimal(_ number: UInt32) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}
