/// A checksum of 32 bits, by a table of what each byte does.
struct CRC32 {
    /// That of PNG and zip.
    static let ieee = CRC32(reversed: 0xEDB8_8320)
    /// CRC-32C (RFC 3720, B.4).
    static let castagnoli = CRC32(reversed: 0x82F6_3B78)

    private let table: [UInt32]

    private init(reversed polynomial: UInt32) {
        table = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
        }
    }

    func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }
}
