/// A zip archive whose members are stored as they are, each on a multiple of 64 bytes, as PyTorch maps them. Smaller than 4 GiB: the
/// largest of our networks has 140 MB.
struct StoredZip {
    private var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var count: UInt16 = 0

    private static let alignment = 64
    /// PyTorch's own mark of the field that fills up, "FB".
    private static let filler: UInt16 = 0x4246

    mutating func add(_ name: String, _ content: UnsafeRawBufferPointer) {
        let size = littleEndian(UInt32(content.count))
        // The version that is needed, 1.0; a name in UTF-8, stored; midnight of the first day of 1980.
        let common = [10, 0, 0, 8, 0, 0, 0, 0, 0x21, 0] + littleEndian(CRC32.of(content)) + size + size
        let start = littleEndian(UInt32(bytes.count))
        let length = littleEndian(UInt16(name.utf8.count))
        // Beside 30 bytes and the name, 4 begin the field.
        let end = bytes.count + 30 + name.utf8.count + 4
        let rest = (Self.alignment - end % Self.alignment) % Self.alignment
        bytes += Array("PK".utf8) + [3, 4] + common + length + littleEndian(UInt16(4 + rest))
        bytes += name.utf8
        bytes += littleEndian(Self.filler) + littleEndian(UInt16(rest)) + [UInt8](repeating: 0, count: rest)
        bytes += content

        directory += Array("PK".utf8) + [1, 2, 10, 0] + common + length
        // No field, remark, second disk or attributes.
        directory += [UInt8](repeating: 0, count: 12) + start
        directory += name.utf8
        count += 1
    }

    func finished() -> [UInt8] {
        let numbers = littleEndian(count) + littleEndian(count)
        let places = littleEndian(UInt32(directory.count)) + littleEndian(UInt32(bytes.count))
        return bytes + directory + Array("PK".utf8) + [5, 6, 0, 0, 0, 0] + numbers + places + [0, 0]
    }
}

/// The bytes of a number.
func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// That of zip archives, ISO 3309.
private enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            ~bytes.reduce(~0) { value, byte in table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
        }
    }
}
