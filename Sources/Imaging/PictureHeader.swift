public import Bitmaps

/// What a picture says of itself, read without decoding and without memory of its own.
public struct PictureHeader: Equatable, Sendable {
    public let format: PictureFormat
    /// As the file has it; `orientation` may exchange it with the height.
    public let width: Int
    public let height: Int
    /// Bytes that a pixel takes while it is decoded: 3, or 4 with transparency or inks.
    public let channels: Int
    public let orientation: Orientation

    /// - Throws: `ImagingError`. A size that is beyond what is read is none here.
    public init(of bytes: UnsafeRawBufferPointer) throws(ImagingError) {
        self =
            switch try PictureFormat(of: bytes) {
            case .png: try PNG.header(of: bytes)
            case .jpeg: try JPEG.header(of: bytes)
            case .webp: try WebP.header(of: bytes)
            }
    }

    /// - Throws: if a side is 0.
    init(
        format: PictureFormat, width: Int, height: Int, channels: Int, orientation: Orientation
    ) throws(ImagingError) {
        guard width > 0, height > 0 else { throw .broken("its size is \(width)x\(height)") }
        self.format = format
        self.width = width
        self.height = height
        self.channels = channels
        self.orientation = orientation
    }

    /// Bytes that it takes decoded; the greatest number where they are more.
    public var decodedBytes: Int {
        // Sides have at most 32 bits.
        let (bytes, overflow) = width.multipliedReportingOverflow(by: height * channels)
        return overflow ? .max : bytes
    }

    /// - Throws: `ImagingError.Code.overLimit`.
    func check(limit: Int) throws(ImagingError) {
        guard decodedBytes <= limit else {
            throw ImagingError(
                code: .overLimit,
                problem: "\(width)x\(height) pixels of \(channels) channels are more than \(limit) values")
        }
    }
}
