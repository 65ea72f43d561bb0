internal import Bitmaps
internal import CImaging

/// JPEG (ITU-T T.81) by libjpeg-turbo: baseline, progressive, grey, and Adobe's four inks.
enum JPEG {
    static func header(of bytes: UnsafeRawBufferPointer) throws(ImagingError) -> PictureHeader {
        var frame: (width: Int, height: Int, components: Int)?
        var orientation: Orientation?
        // After SOI, FF D8. EXIF may come after the frame.
        var place = 2
        var isAtData = false
        segments: while let mark = bytes.byte(at: place) {
            // As libjpeg, passes over what is no marker, and over the FFs that may come before one.
            guard mark == 0xff, let code = bytes.byte(at: place + 1), code != 0xff else {
                place += 1
                continue
            }
            switch code {
            case 0x00, 0x01, 0xd0...0xd8:
                place += 2
                continue
            // The end, or the first scan.
            case 0xd9, 0xda:
                isAtData = true
                break segments
            case 0xc0...0xcf where code != 0xc4 && code != 0xc8 && code != 0xcc:
                guard let height = bytes.number(bytes: 2, at: place + 5),
                    let width = bytes.number(bytes: 2, at: place + 7), let components = bytes.byte(at: place + 9)
                else { throw .cutOffHeader }
                if frame == nil { frame = (width, height, components) }
            default: break
            }
            guard let length = bytes.number(bytes: 2, at: place + 2) else { break }
            guard length >= 2 else { throw .broken("a segment of it has a length of \(length)") }
            if code == 0xe1, orientation == nil, bytes.has(exifMark, at: place + 4), length >= 2 + exifMark.count,
                let exif = bytes.part(length - 2 - exifMark.count, at: place + 4 + exifMark.count)
            {
                orientation = Orientation(exif: exif)
            }
            place += 2 + length
        }
        guard let frame else {
            throw isAtData ? .broken("its data begin before its size is said") : .cutOffHeader
        }
        guard [1, 3, 4].contains(frame.components) else {
            throw .broken("it has \(frame.components) components; a JPEG has 1, 3 or 4")
        }
        return try PictureHeader(
            format: .jpeg, width: frame.width, height: frame.height, channels: frame.components == 4 ? 4 : 3,
            orientation: orientation ?? .upright)
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: PictureHeader, to pixels: UnsafeMutablePointer<UInt8>
    ) throws(ImagingError) {
        let result = sqz_jpeg_decode(
            bytes.baseAddress, bytes.count, UInt32(header.width), UInt32(header.height), CInt(header.channels), pixels)
        try result.check(height: header.height)
    }
}
