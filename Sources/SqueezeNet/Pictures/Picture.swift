/// A picture of three channels, whose bytes belong to somebody else: valid for as long as they are.
public struct Picture {
    /// Planes R, G, B, each row by row.
    let planes: UnsafeBufferPointer<UInt8>
    public let width: Int
    public let height: Int

    /// - Precondition: as many bytes as three planes of this width and height have.
    public init(planes: UnsafeRawBufferPointer, width: Int, height: Int) {
        precondition(
            width > 0 && height > 0 && planes.count == 3 * width * height,
            "\(planes.count) bytes are no picture of \(width)×\(height)")
        self.planes = planes.bindMemory(to: UInt8.self)
        self.width = width
        self.height = height
    }
}
