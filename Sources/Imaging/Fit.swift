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
        fitted(fit, size: size, filter: filter, orientation: .upright)
    }

    /// Decodes a picture to a square, which is what `fitted` makes of it.
    /// - Parameter limit: of width × height × channels, looked at before memory is taken.
    public init(
        decoding bytes: UnsafeRawBufferPointer, to fit: Fit, size: Int, filter: Filter = .bilinear,
        limit: Int = ImagingLimits.values
    ) throws(ImagingError) {
        let header = try PictureHeader(of: bytes)
        self = try Bitmap(stored: bytes, header, limit: limit)
            .fitted(fit, size: size, filter: filter, orientation: header.orientation)
    }

    private func fitted(_ fit: Fit, size: Int, filter: Filter, orientation: Orientation) -> Bitmap {
        let shown = shownSize(orientation)
        func resized(_ width: Int, _ height: Int, columns: Range<Int>? = nil, rows: Range<Int>? = nil) -> Bitmap {
            self.resized(
                width: width, height: height, columns: columns ?? 0..<width, rows: rows ?? 0..<height, filter: filter,
                orientation: orientation)
        }
        switch fit {
        case .stretch: return resized(size, size)
        case .pad:
            func side(_ shorter: Int, of longer: Int) -> Int {
                max(1, Int((Double(shorter) / Double(longer) * Double(size)).rounded(.toNearestOrEven)))
            }
            return shown.width > shown.height
                ? resized(size, side(shown.height, of: shown.width)).centred(size: size)
                : resized(side(shown.width, of: shown.height), size).centred(size: size)
        case .crop(let shorter):
            precondition(size <= shorter, "\(size) pixels can't be cut from \(shorter)")
            // torchvision rounds the longer side down, and half pixels of the place to even.
            let longer = shorter * max(width, height) / min(width, height)
            let (width, height) = shown.width < shown.height ? (shorter, longer) : (longer, shorter)
            func window(_ side: Int) -> Range<Int> {
                let start = Int((Double(side - size) / 2).rounded(.toNearestOrEven))
                return start..<start + size
            }
            return resized(width, height, columns: window(width), rows: window(height))
        }
    }

    /// On a black square.
    private func centred(size: Int) -> Bitmap {
        func margin(_ side: Int) -> Int { Int((Double(size - side) / 2).rounded(.toNearestOrEven)) }
        var square = [UInt8](repeating: 0, count: 3 * size * size)
        for row in 0..<height {
            let start = 3 * (size * (margin(height) + row) + margin(width))
            let from = 3 * width * row
            square.replaceSubrange(start..<start + 3 * width, with: pixels[from..<from + 3 * width])
        }
        return Bitmap(width: size, height: size, pixels: square)
    }
}
