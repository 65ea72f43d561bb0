/// Writes a picture of at most 256 colours as a PNG file (ISO/IEC 15948). What is drawn here is small, and is not compressed: a
/// decoder takes deflate's stored blocks as well as any others.
enum PNG {
    typealias Colour = (red: UInt8, green: UInt8, blue: UInt8)

    /// - Parameter pixels: numbers of colours, row by row.
    static func file(width: Int, height: Int, pixels: [UInt8], colours: [Colour]) -> [UInt8] {
        precondition(pixels.count == width * height && (1...256).contains(colours.count))
        // 8 bits a pixel, of a palette.
        let header = bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, 3, 0, 0, 0]
        // Each row begins with the number of its filter: none.
        let rows = (0..<height).flatMap { [0] + pixels[$0 * width..<($0 + 1) * width] }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
            + chunk("PLTE", colours.flatMap { [$0.red, $0.green, $0.blue] }) + chunk("IDAT", zlib(rows))
            + chunk("IEND", [])
    }

    private static func chunk(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
        let named = Array(name.utf8) + bytes
        return bigEndian(UInt32(bytes.count)) + named + bigEndian(crc32(named))
    }

    /// RFC 1950 and 1951.
    private static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        let largest = 65_535
        for start in stride(from: 0, to: bytes.count, by: largest) {
            let block = bytes[start..<min(start + largest, bytes.count)]
            let count = UInt16(block.count)
            stream.append(block.endIndex == bytes.endIndex ? 1 : 0)
            stream += [UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8)]
            stream += block
        }
        return stream + bigEndian(adler32(bytes))
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (first, second) = (UInt32(1), UInt32(0))
        for byte in bytes {
            first = (first + UInt32(byte)) % 65_521
            second = (second + first) % 65_521
        }
        return second << 16 | first
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 { CRC32.ieee.checksum(of: bytes) }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }
}
