/// One picture as everything in sqzd takes it: 3 planes (red, green, blue) of 32 rows of 32 bytes, which is the picture of
/// a CIFAR record.
public enum Picture {
    public static let side = 32
    public static let planes = 3
    public static let planeBytes = side * side
    public static let byteCount = planes * planeBytes
}

/// What `classify` is given: a picture, or a CIFAR-10 record (a label, then the picture).
public struct PictureRecord: Equatable, Sendable {
    public let label: UInt8?
    /// `Picture.byteCount` bytes.
    public let pixels: [UInt8]

    public init(bytes: [UInt8]) throws(DatasetError) {
        switch bytes.count {
        case Picture.byteCount:
            label = nil
            pixels = bytes
        case Picture.byteCount + 1:
            label = bytes[0]
            pixels = Array(bytes[1...])
        default:
            throw DatasetError(
                .malformed, nil,
                """
                a picture of \(bytes.count) bytes; right would be \(Picture.byteCount) (the red, green and blue planes \
                of 32×32) or \(Picture.byteCount + 1) (a label, then the picture)
                """)
        }
    }
}
