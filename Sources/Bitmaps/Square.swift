/// How a picture of any shape becomes a square.
public enum Fit: String, CaseIterable, Codable, Sendable {
    /// The shorter side takes the square's, and what is longer is cut off on both sides: torchvision's `Resize` and `CenterCrop`.
    case crop
    /// The longer side takes the square's, and black is added beside: Pillow's `ImageOps.pad`.
    case pad
    /// Both sides take the square's.
    case stretch
}

/// A square that pictures of any shape become.
public struct Square: Codable, Equatable, Sendable {
    public let fit: Fit
    /// Rows and columns.
    public let side: Int
    public let filter: Filter

    public init(_ fit: Fit, side: Int, filter: Filter = .bilinear) {
        self.fit = fit
        self.side = side
        self.filter = filter
    }
}

extension Bitmap {
    public func squared(_ square: Square) -> Bitmap { squared(square, orientation: .upright) }

    /// Of a picture that is turned before it is shown; nothing large is turned.
    package func squared(_ square: Square, orientation: Orientation) -> Bitmap {
        let (shown, side) = (shownSize(orientation), square.side)
        if shown == (side, side) { return oriented(orientation) }
        func resized(_ width: Int, _ height: Int, columns: Range<Int>? = nil, rows: Range<Int>? = nil) -> Bitmap {
            self.resized(
                width: width, height: height, columns: columns ?? 0..<width, rows: rows ?? 0..<height,
                filter: square.filter, orientation: orientation)
        }
        switch square.fit {
        case .stretch: return resized(side, side)
        case .pad:
            func length(_ shorter: Int, of longer: Int) -> Int {
                max(1, Int((Double(shorter) / Double(longer) * Double(side)).rounded(.toNearestOrEven)))
            }
            return shown.width > shown.height
                ? resized(side, length(shown.height, of: shown.width)).centred(side: side)
                : resized(length(shown.width, of: shown.height), side).centred(side: side)
        case .crop:
            // torchvision rounds the longer side down, and half pixels of the place to even.
            let longer = side * max(width, height) / min(width, height)
            let (width, height) = shown.width < shown.height ? (side, longer) : (longer, side)
            func window(_ length: Int) -> Range<Int> {
                let start = Int((Double(length - side) / 2).rounded(.toNearestOrEven))
                return start..<start + side
            }
            return resized(width, height, columns: window(width), rows: window(height))
        }
    }

    /// On a black square.
    private func centred(side: Int) -> Bitmap {
        func margin(_ length: Int) -> Int { Int((Double(side - length) / 2).rounded(.toNearestOrEven)) }
        var square = [UInt8](repeating: 0, count: 3 * side * side)
        for row in 0..<height {
            let start = 3 * (side * (margin(height) + row) + margin(width))
            let from = 3 * width * row
            square.replaceSubrange(start..<start + 3 * width, with: pixels[from..<from + 3 * width])
        }
        return Bitmap(width: side, height: side, pixels: square)
    }
}
