/// How a picture is turned before it is shown: the tag 0x0112 of EXIF (CIPA DC-008). The numbers are the tag's.
public enum Orientation: Int, CaseIterable, Sendable {
    case upright = 1
    case mirrored
    case upsideDown
    case flipped
    case transposed
    /// A quarter turn clockwise makes it upright.
    case turnedLeft
    case transverse
    case turnedRight

    /// Whether width and height change places.
    public var swapsSides: Bool { rawValue >= Self.transposed.rawValue }

    /// Whether what is shown from left to right is here from the last column, or row, to the first.
    var goesLeft: Bool {
        switch self {
        case .mirrored, .upsideDown, .turnedLeft, .transverse: true
        case .upright, .flipped, .transposed, .turnedRight: false
        }
    }

    /// Whether what is shown from the top down is here from the last row, or column, to the first.
    var goesUp: Bool {
        switch self {
        case .upsideDown, .flipped, .transverse, .turnedRight: true
        case .upright, .mirrored, .transposed, .turnedLeft: false
        }
    }
}

extension Bitmap {
    package func shownSize(_ orientation: Orientation) -> (width: Int, height: Int) {
        orientation.swapsSides ? (height, width) : (width, height)
    }

    /// The picture as it is shown.
    package func oriented(_ orientation: Orientation) -> Bitmap {
        guard orientation != .upright else { return self }
        let (width, height) = shownSize(orientation)
        // Bytes from a pixel to the one that is shown to its right, and below it.
        let (column, row) = orientation.swapsSides ? (3 * self.width, 3) : (3, 3 * self.width)
        let (right, down) = (orientation.goesLeft ? -column : column, orientation.goesUp ? -row : row)
        let start = (orientation.goesLeft ? (width - 1) * column : 0) + (orientation.goesUp ? (height - 1) * row : 0)
        // In squares whose rows and columns stay in the first cache.
        let side = 32
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { source in
                for top in stride(from: 0, to: height, by: side) {
                    for left in stride(from: 0, to: width, by: side) {
                        for y in top..<min(top + side, height) {
                            var from = source.baseAddress! + start + y * down + left * right
                            var to = target.baseAddress! + 3 * (y * width + left)
                            for _ in left..<min(left + side, width) {
                                (to[0], to[1], to[2]) = (from[0], from[1], from[2])
                                to += 3
                                from += right
                            }
                        }
                    }
                }
            }
            count = pixels.count
        }
        return Bitmap(width: width, height: height, pixels: turned)
    }
}
