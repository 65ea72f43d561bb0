/// A picture in memory.
public struct Bitmap: Equatable, Sendable {
    public let width: Int
    public let height: Int
    /// Red, green and blue of each pixel, row by row from the top.
    public let pixels: [UInt8]

    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == 3 * width * height)
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// All of the red, then the green, then the blue, as data sets and networks have pictures.
    public var planes: [UInt8] {
        let count = width * height
        return [UInt8](unsafeUninitializedCapacity: 3 * count) { planes, initialized in
            for channel in 0..<3 {
                for place in 0..<count { planes[channel * count + place] = pixels[3 * place + channel] }
            }
            initialized = 3 * count
        }
    }
}
