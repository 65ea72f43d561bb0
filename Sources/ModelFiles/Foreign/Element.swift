/// How other programs store a number; `float32` is what ours are.
enum Element: String {
    case float16 = "F16"
    case bfloat16 = "BF16"
    case float32 = "F32"
    case float64 = "F64"

    /// Bytes of one.
    var size: Int {
        switch self {
        case .float16, .bfloat16: 2
        case .float32: 4
        case .float64: 8
        }
    }

    /// The value whose little-endian bytes begin at an offset.
    func value(in bytes: UnsafeRawBufferPointer, at offset: Int) -> Float {
        switch self {
        case .float16:
            Float(
                Float16(bitPattern: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))))
        case .bfloat16:
            Float(
                bitPattern: UInt32(
                    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))) << 16)
        case .float32:
            Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        case .float64:
            Float(
                Double(
                    bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))))
        }
    }

    /// All values, one behind the other.
    func values(in bytes: UnsafeRawBufferPointer) -> [Float] {
        stride(from: 0, to: bytes.count - size + 1, by: size).map { value(in: bytes, at: $0) }
    }
}
