internal import Bitmaps
internal import CImaging
internal import CPNG

/// PNG (W3C, third edition) by libpng.
enum PNG {
    /// What begins the file; the rest of the signature, which shows damage by line ends, is for libpng to check.
    static let mark: [UInt8] = [0x89, 0x50, 0x4e, 0x47]
    private static let signatureBytes = 8

    static func header(of bytes: UnsafeRawBufferPointer) throws(ImagingError) -> PictureHeader {
        var place = signatureBytes
        guard bytes.count >= place + 8 else { throw .cutOffHeader }
        guard bytes.has("IHDR".utf8, at: place + 4) else { throw .broken("it does not begin with its header, IHDR") }
        guard let width = bytes.number(bytes: 4, at: place + 8), let height = bytes.number(bytes: 4, at: place + 12),
            let type = bytes.byte(at: place + 17)
        else { throw .cutOffHeader }
        // Bit 2 of the type is alpha; of others one colour may be transparent. EXIF may come after the picture.
        var isTransparent = type & 4 != 0
        var orientation = Orientation.upright
        while let length = bytes.number(bytes: 4, at: place), bytes.count - place >= 8 {
            if bytes.has("tRNS".utf8, at: place + 4) { isTransparent = true }
            if bytes.has("eXIf".utf8, at: place + 4), let exif = bytes.part(length, at: place + 8) {
                orientation = Orientation(exif: exif)
            }
            // Length, name and checksum have 4 bytes each.
            place += 12 + length
        }
        return try PictureHeader(
            format: .png, width: width, height: height, channels: isTransparent ? 4 : 3, orientation: orientation)
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: PictureHeader, to pixels: UnsafeMutablePointer<UInt8>
    ) throws(ImagingError) {
        let result = sqz_png_decode(
            bytes.baseAddress, bytes.count, UInt32(header.width), UInt32(header.height), CInt(header.channels), pixels)
        try result.check(height: header.height)
    }

    /// - Throws: if it is too large for libpng.
    static func encode(_ bitmap: Bitmap) throws(ImagingError) -> [UInt8] {
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        image.width = UInt32(bitmap.width)
        image.height = UInt32(bitmap.height)
        image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
        defer { png_image_free(&image) }
        // What does not compress takes a byte a row, and zlib's and PNG's own: PNG_IMAGE_PNG_SIZE_MAX is a little less.
        let raw = (3 * bitmap.width + 1) * bitmap.height
        var size = raw + raw / 7 + 1_024
        let file = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let isWritten = png_image_write_to_memory(&image, buffer.baseAddress, &size, 0, bitmap.pixels, 0, nil)
            count = isWritten == 0 ? 0 : size
        }
        guard !file.isEmpty else {
            throw ImagingError(
                code: .overLimit, problem: "it can't be a PNG: \(withUnsafeBytes(of: image.message, text(of:)))")
        }
        return file
    }
}
