public import Bitmaps

extension Bitmap {
    /// Decodes a picture as it is shown: turned as EXIF says, over white where it is transparent. Colour profiles are ignored.
    /// - Parameter limit: of width × height × channels, looked at before memory is taken.
    public init(decoding bytes: UnsafeRawBufferPointer, limit: Int = ImagingLimits.values) throws(ImagingError) {
        let header = try PictureHeader(of: bytes)
        self = try Bitmap(stored: bytes, header, limit: limit).oriented(header.orientation)
    }

    /// Decodes a picture as the file has it, whatever its orientation.
    init(stored bytes: UnsafeRawBufferPointer, _ header: PictureHeader, limit: Int) throws(ImagingError) {
        try header.check(limit: limit)
        let count = header.width * header.height
        var pixels = [UInt8](repeating: 0, count: count * header.channels)
        try pixels.withUnsafeMutableBufferPointer { buffer throws(ImagingError) in
            let start = buffer.baseAddress!
            switch header.format {
            case .png: try PNG.decode(bytes, header, to: start)
            case .jpeg: try JPEG.decode(bytes, header, to: start)
            case .webp: try WebP.decode(bytes, header, to: start)
            }
            guard header.channels == 4 else { return }
            header.format == .jpeg ? mixInks(start, count: count) : layOverWhite(start, count: count)
        }
        pixels.removeLast(pixels.count - 3 * count)
        self.init(width: header.width, height: header.height, pixels: pixels)
    }

    /// Decodes a picture to a square, which is what `squared` makes of it.
    /// - Parameter limit: of width × height × channels, looked at before memory is taken.
    public init(
        decoding bytes: UnsafeRawBufferPointer, to square: Square, limit: Int = ImagingLimits.values
    ) throws(ImagingError) {
        let header = try PictureHeader(of: bytes)
        self = try Bitmap(stored: bytes, header, limit: limit).squared(square, orientation: header.orientation)
    }

    /// The picture as a PNG file.
    /// - Throws: if it is too large for libpng.
    public func png() throws(ImagingError) -> [UInt8] { try PNG.encode(self) }
}

/// A part of 255 of a value, rounded.
private func part(_ value: UInt32, _ share: UInt32) -> UInt32 {
    let product = value * share + 128
    return (product + product >> 8) >> 8
}

/// RGBA becomes RGB in the same place, as Pillow's `alpha_composite` computes it.
private func layOverWhite(_ pixels: UnsafeMutablePointer<UInt8>, count: Int) {
    for place in 0..<count {
        let (from, to) = (pixels + 4 * place, pixels + 3 * place)
        let (red, green, blue, alpha) = (UInt32(from[0]), UInt32(from[1]), UInt32(from[2]), UInt32(from[3]))
        func laid(_ value: UInt32) -> UInt8 {
            let sum = value * alpha + 255 * (255 - alpha) + 128
            return UInt8(truncatingIfNeeded: (sum + sum >> 8) >> 8)
        }
        (to[0], to[1], to[2]) = (laid(red), laid(green), laid(blue))
    }
}

/// CMYK becomes RGB in the same place. JPEG's inks are inverted, as Adobe writes them and every viewer takes them: 255 is
/// no ink. Computed as Pillow does.
private func mixInks(_ pixels: UnsafeMutablePointer<UInt8>, count: Int) {
    for place in 0..<count {
        let (from, to) = (pixels + 4 * place, pixels + 3 * place)
        let white = UInt32(from[3])
        let (cyan, magenta, yellow) = (255 - UInt32(from[0]), 255 - UInt32(from[1]), 255 - UInt32(from[2]))
        (to[0], to[1], to[2]) = (
            UInt8(white - part(cyan, white)), UInt8(white - part(magenta, white)), UInt8(white - part(yellow, white))
        )
    }
}
