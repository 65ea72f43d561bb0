internal import Glibc
internal import SqzProtocol

/// A picture's file, whose bytes go to the daemon as they are.
enum PictureFile {
    /// The whole file; a path that is `-` is standard input.
    static func read(_ path: String) throws(InputError) -> [UInt8] {
        guard path != "-" else { return try read(STDIN_FILENO, path) }
        let descriptor = try Reading.open(
            path, pipes: true, right: "a picture's file, or - for standard input, or with -r a folder")
        defer { close(descriptor) }
        return try read(descriptor, path)
    }

    /// The whole file, if it is a picture by its first bytes, or has a record's size; nil for anything else.
    static func readPicture(_ path: String) throws(InputError) -> [UInt8]? {
        let descriptor = try Reading.open(path, pipes: false, right: "a picture's file")
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw InputError(path) }
        let start = try Reading.bytes(of: descriptor, path, limit: startBytes)
        guard Self.isPicture(start) || recordBytes.contains(Int(status.st_size)) else { return nil }
        return try read(descriptor, path, start)
    }

    private static func read(_ descriptor: CInt, _ path: String, _ start: [UInt8] = []) throws(InputError) -> [UInt8] {
        let bytes = try start + Reading.bytes(of: descriptor, path, limit: Limits.imageBytes + 1 - start.count)
        guard bytes.count <= Limits.imageBytes else {
            throw InputError(
                path,
                bad: "has more than \(Format.bytes(Limits.imageBytes)), the most that a picture's file may have")
        }
        return bytes
    }

    private static let startBytes = 32
    /// Of CIFAR: the pixels, and a label before them.
    private static let recordBytes = 3_072...3_073

    /// Whether somebody would call it a picture. Those that are not read are among them: the runner says what they are.
    private static func isPicture(_ start: [UInt8]) -> Bool {
        func has(_ text: String, at place: Int) -> Bool { start.dropFirst(place).starts(with: text.utf8) }
        if has("RIFF", at: 0) { return has("WEBP", at: 8) }
        // ISO 14496-12; other brands are films.
        if has("ftyp", at: 4) {
            return ["heic", "heix", "heim", "heis", "mif1", "msf1", "avif", "avis", "crx "].contains { has($0, at: 8) }
        }
        return marks.contains { start.starts(with: $0) }
    }

    /// PNG, JPEG; GIF, TIFF and cameras' raw files, BMP, JPEG XL, JPEG 2000.
    private static let marks: [[UInt8]] = [
        [0x89, 0x50, 0x4E, 0x47], [0xFF, 0xD8, 0xFF], Array("GIF8".utf8), Array("II*\0".utf8), Array("MM\0*".utf8),
        Array("BM".utf8), [0xFF, 0x0A], [0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20], [0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20],
    ]
}
