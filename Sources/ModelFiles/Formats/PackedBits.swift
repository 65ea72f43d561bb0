/// Whole numbers of few bits, one behind the other: the lowest bits of a byte first, two's complement. What is left of the last byte is
/// zero.
enum PackedBits {
    static func packed(_ values: some Collection<Int8>, bits: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity((values.count * bits + 7) / 8)
        var (held, count) = (UInt16(0), 0)
        for value in values {
            held |= (UInt16(UInt8(bitPattern: value)) & (1 << bits - 1)) << count
            count += bits
            while count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: held))
                (held, count) = (held >> 8, count - 8)
            }
        }
        if count > 0 { bytes.append(UInt8(held)) }
        return bytes
    }

    /// - Throws: `ModelFileError` where a bit behind the last number is set.
    static func unpacked(_ bytes: [UInt8], _ number: Int, bits: Int) throws(ModelFileError) -> [Int8] {
        var values: [Int8] = []
        values.reserveCapacity(number)
        var (held, count) = (UInt16(0), 0)
        for byte in bytes {
            held |= UInt16(byte) << count
            count += 8
            while count >= bits, values.count < number {
                // The sign bit, moved to a byte's and back.
                let top = UInt8(truncatingIfNeeded: held) << (8 - bits)
                values.append(Int8(bitPattern: top) >> (8 - bits))
                (held, count) = (held >> bits, count - bits)
            }
        }
        guard values.count == number, held == 0 else {
            throw ModelFileError("its weights of \(bits) bits do not end with their last byte")
        }
        return values
    }
}
