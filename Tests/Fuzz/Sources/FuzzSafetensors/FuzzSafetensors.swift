import Safetensors

/// A file's bytes: every tensor of one that is taken must lie in it, all of them together fill it.
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Not the fuzzer's own buffer: reading beyond these bytes is seen by the address sanitizer.
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { bytes.deallocate() }
    bytes.copyMemory(from: UnsafeRawBufferPointer(start: start, count: count))
    guard let header = try? SafetensorsHeader(parsing: UnsafeRawBufferPointer(bytes), path: "input") else { return 0 }
    var sum: UInt8 = 0
    for tensor in header.tensors.values {
        precondition(tensor.byteRange.lowerBound >= 8 && tensor.byteRange.upperBound <= count, "\(tensor) lies outside")
        for byte in bytes[tensor.byteRange] { sum &+= byte }
    }
    return sum == 0 ? 0 : 0
}
