import Bitmaps
import Fuzzing
import Imaging

/// Values of a picture: small, so that a large one takes no time.
private let limit = 1 << 18

/// A picture is decoded, brought to squares in every way, and written again; EXIF is read on the way.
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    do throws(ImagingError) {
        let header = try PictureHeader(of: bytes)
        let bitmap = try Bitmap(decoding: bytes, limit: limit)
        precondition(
            bitmap.width * bitmap.height == header.width * header.height, "a picture of another size than its header's")
        for (fit, filter) in [(Fit.crop, Filter.bilinear), (.pad, .bicubic), (.stretch, .bilinear)] {
            let square = Square(fit, side: 16, filter: filter)
            let decoded = try Bitmap(decoding: bytes, to: square, limit: limit)
            precondition(decoded == bitmap.squared(square), "turned later it is another picture")
        }
        let file = try bitmap.png()
        let again = try file.withUnsafeBufferPointer { file throws(ImagingError) in
            try Bitmap(decoding: UnsafeRawBufferPointer(file), limit: limit)
        }
        precondition(again == bitmap, "a picture that was written is another")
    } catch {
        precondition(!error.problem.isEmpty)
    }
    return 0
}
