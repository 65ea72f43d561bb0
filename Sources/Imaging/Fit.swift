/// How a picture of any shape becomes a square.
public enum Fit: Equatable, Sendable {
    /// The shorter side is resized to so many pixels, and the centre cut out: torchvision's `Resize` and `CenterCrop`.
    case crop(shorterSide: Int)
    /// The whole picture, and black beside it: Pillow's `ImageOps.pad`.
    case pad
    /// The whole picture, whatever becomes of its proportions.
    case stretch
}

extension Bitmap {
    /// A square of `size` pixels a side, for `crop` at most the shorter side.
    public func fitted(_ fit: Fit, size: Int, filter: Filter = .bilinear) -> Bitmap {
        switch fit {
        case .stretch: return resized(width: size, height: size, filter: filter)
        case .pad: return padded(size: size, filter: filter)
        case .crop(let shorter):
            precondition(size <= shorter, "\(size) pixels can't be cut from \(shorter)")
            // torchvision rounds the longer side down, and half pixels of the place to even.
            let longer = shorter * max(width, height) / min(width, height)
            let (width, height) = width < height ? (shorter, longer) : (longer, shorter)
            func window(_ side: Int) -> Range<Int> {
                let start = Int((Double(side - size) / 2).rounded(.toNearestOrEven))
                return start..<start + size
            }
            return resized(
                width: width, height: height, columns: window(width), rows: window(height), filter: filter)
        }
    }

    private func padded(size: Int, filter: Filter) -> Bitmap {
        func side(_ shorter: Int, of longer: Int) -> Int {
            max(1, Int((Double(shorter) / Double(longer) * Double(size)).rounded(.toNearestOrEven)))
        }
        let inner =
            width > height
            ? resized(width: size, height: side(height, of: width), filter: filter)
            : resized(width: side(width, of: height), height: size, filter: filter)
        func margin(_ side: Int) -> Int { Int((Double(size - side) / 2).rounded(.toNearestOrEven)) }
        var square = [UInt8](repeating: 0, count: 3 * size * size)
        for row in 0..<inner.height {
            let start = 3 * (size * (margin(inner.height) + row) + margin(inner.width))
            let from = 3 * inner.width * row
            square.replaceSubrange(
                start..<start + 3 * inner.width, with: inner.pixels[from..<from + 3 * inner.width])
        }
        return Bitmap(width: size, height: size, pixels: square)
    }
}
