internal import Bitmaps

/// What EXIF begins with in JPEG.
let exifMark: [UInt8] = Array("Exif\0\0".utf8)

extension Orientation {
    /// Of EXIF's data, which are laid out as TIFF; upright, where they don't say.
    init(exif: UnsafeRawBufferPointer) {
        self = Self.tag(in: exif).flatMap(Self.init(rawValue:)) ?? .upright
    }

    private static func tag(in exif: UnsafeRawBufferPointer) -> Int? {
        let isLittleEndian = exif.has("II".utf8, at: 0)
        guard isLittleEndian || exif.has("MM".utf8, at: 0) else { return nil }
        func number(_ count: Int, _ place: Int) -> Int? {
            exif.number(bytes: count, at: place, isLittleEndian: isLittleEndian)
        }
        guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(2, directory) else { return nil }
        // An entry: tag, type, count, and the value from its first byte on. Type 3 has 16 bits, 4 has 32.
        for entry in 0..<entries {
            let place = directory + 2 + 12 * entry
            guard let tag = number(2, place) else { return nil }
            if tag == 0x0112 {
                switch number(2, place + 2) {
                case 3: return number(2, place + 8)
                case 4: return number(4, place + 8)
                default: return nil
                }
            }
        }
        return nil
    }
}
