/// Pictures of random pixels, the same ones each time.
enum RandomPicture {
    /// As a record where that is how large pictures of records are, else as a PNG file that is not compressed.
    static func make(side: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        // SplitMix64 (Steele, Lea and Flood, 2014).
        func word() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
        func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: word()) } }
        guard side != recordSide else { return bytes(3 * side * side) }
        // A row's filter is none: 0.
        return png(side: side, rows: (0..<side).flatMap { _ in [0] + bytes(3 * side) })
    }

    /// That of CIFAR.
    static let recordSide = 32

    /// PNG (W3C, third edition): 8 bits of red, green and blue.
    private static func png(side: Int, rows: [UInt8]) -> [UInt8] {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", word(side) + word(side) + [8, 2, 0, 0, 0]) + chunk("IDAT", stored(rows)) + chunk("IEND", [])
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let content = Array(type.utf8) + data
        return word(data.count) + content + word(crc32(content))
    }

    /// zlib's format (RFC 1950), of blocks that are not compressed (RFC 1951).
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: bytes.count, by: 0xFFFF) {
            let block = bytes[start..<min(start + 0xFFFF, bytes.count)]
            let length = [UInt8(block.count & 0xFF), UInt8(block.count >> 8)]
            stream.append(start + block.count == bytes.count ? 1 : 0)
            stream += length + length.map { ~$0 } + block
        }
        var (low, high) = (1, 0)
        for byte in bytes {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return stream + word(high << 16 | low)
    }

    private static func crc32(_ bytes: [UInt8]) -> Int {
        var crc: UInt32 = .max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return Int(~crc)
    }

    private static func word(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
