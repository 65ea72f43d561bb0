internal import Bitmaps
internal import CWebP

/// WebP by libwebp: lossy, lossless, and an animation's first frame.
enum WebP {
    static func header(of bytes: UnsafeRawBufferPointer) throws(ImagingError) -> PictureHeader {
        var features = WebPBitstreamFeatures()
        switch WebPGetFeatures(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &features) {
        case VP8_STATUS_OK: break
        case VP8_STATUS_NOT_ENOUGH_DATA: throw .cutOffHeader
        default: throw .broken("its header is not WebP's")
        }
        // What an animation's first frame does not cover is transparent.
        let isTransparent = features.has_alpha != 0 || features.has_animation != 0
        return try PictureHeader(
            format: .webp, width: Int(features.width), height: Int(features.height), channels: isTransparent ? 4 : 3,
            orientation: orientation(of: bytes))
    }

    private static func orientation(of bytes: UnsafeRawBufferPointer) -> Orientation {
        // After "RIFF", the length, "WEBP": chunks of name, length and an even number of bytes.
        var place = 12
        while let length = bytes.number(bytes: 4, at: place + 4, isLittleEndian: true) {
            if bytes.has("EXIF".utf8, at: place), var exif = bytes.part(length, at: place + 8) {
                // Some write it as JPEG has it.
                if exif.has(exifMark, at: 0) { exif = UnsafeRawBufferPointer(rebasing: exif[exifMark.count...]) }
                return Orientation(exif: exif)
            }
            place += 8 + length + length % 2
        }
        return .upright
    }

    /// `pixels` are zeros, RGB or RGBA.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: PictureHeader, to pixels: UnsafeMutablePointer<UInt8>
    ) throws(ImagingError) {
        var data = WebPData(bytes: bytes.bindMemory(to: UInt8.self).baseAddress, size: bytes.count)
        var state = WEBP_DEMUX_PARSING_HEADER
        let demuxer = WebPDemuxPartial(&data, &state)
        defer { WebPDemuxDelete(demuxer) }
        var frame = WebPIterator()
        defer { WebPDemuxReleaseIterator(&frame) }
        // A picture without motion is one frame.
        guard state != WEBP_DEMUX_PARSE_ERROR else { throw .broken("its chunks are not WebP's") }
        guard WebPDemuxGetFrame(demuxer, 1, &frame) != 0, frame.complete != 0 else { throw cutOff(bytes) }

        var config = WebPDecoderConfig()
        guard WebPInitDecoderConfig(&config) != 0 else { throw .broken("libwebp is of another version") }
        guard WebPGetFeatures(frame.fragment.bytes, frame.fragment.size, &config.input) == VP8_STATUS_OK,
            config.input.width == frame.width, config.input.height == frame.height, frame.x_offset >= 0,
            frame.y_offset >= 0, Int(frame.x_offset) + Int(frame.width) <= header.width,
            Int(frame.y_offset) + Int(frame.height) <= header.height
        else { throw .broken("its size is said twice") }
        let pitch = header.width * header.channels
        let start = Int(frame.y_offset) * pitch + Int(frame.x_offset) * header.channels
        config.output.colorspace = header.channels == 4 ? MODE_RGBA : MODE_RGB
        config.output.is_external_memory = 1
        config.output.u.RGBA = WebPRGBABuffer(
            rgba: pixels + start, stride: CInt(pitch), size: pitch * header.height - start)
        switch WebPDecode(frame.fragment.bytes, frame.fragment.size, &config) {
        case VP8_STATUS_OK: return
        case let status: throw .broken("libwebp gives up with status \(status.rawValue)")
        }
    }

    private static func cutOff(_ bytes: UnsafeRawBufferPointer) -> ImagingError {
        // The length counts from behind itself.
        let whole = 8 + (bytes.number(bytes: 4, at: 4, isLittleEndian: true) ?? 0)
        return whole > bytes.count
            ? .cutOff(missing: whole - bytes.count, of: whole, "bytes") : .broken("it is shorter than its chunks")
    }
}
