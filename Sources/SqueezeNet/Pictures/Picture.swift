internal import Bitmaps

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
            "\(planes.count) bytes are no picture of \(width)x\(height)")
        self.planes = planes.bindMemory(to: UInt8.self)
        self.width = width
        self.height = height
    }

    static func withPlanes(of bitmap: Bitmap, _ body: (Picture) -> Void) {
        bitmap.planes.withUnsafeBytes { body(Picture(planes: $0, width: bitmap.width, height: bitmap.height)) }
    }
}

/// A part of a picture, all of which lies inside.
package struct Part: Hashable {
    package let left: Int
    package let top: Int
    package let width: Int
    package let height: Int
}

extension Bitmap {
    init(_ picture: Picture) {
        self.init(Part(left: 0, top: 0, width: picture.width, height: picture.height), of: picture)
    }

    init(_ part: Part, of picture: Picture) {
        let plane = picture.width * picture.height
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * part.width * part.height) { pixels, count in
            var to = pixels.baseAddress!
            for row in part.top..<part.top + part.height {
                var from = picture.planes.baseAddress! + row * picture.width + part.left
                for _ in 0..<part.width {
                    (to[0], to[1], to[2]) = (from[0], from[plane], from[2 * plane])
                    to += 3
                    from += 1
                }
            }
            count = 3 * part.width * part.height
        }
        self.init(width: part.width, height: part.height, pixels: pixels)
    }
}
