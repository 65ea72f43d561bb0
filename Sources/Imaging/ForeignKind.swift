/// What people have where a picture should be, with its article; nil if it is not known.
func foreignKind(of bytes: UnsafeRawBufferPointer) -> String? {
    if bytes.isEmpty { return nil }
    if bytes.has("ftyp".utf8, at: 4) { return mediaKind(of: bytes) }
    if let known = magics.first(where: { bytes.has($0.magic, at: $0.place) }) { return known.kind }
    return textKind(of: bytes)
}

/// The more exact before the less.
private let magics: [(magic: [UInt8], place: Int, kind: String)] =
    [
        ("GIF8", 0, "a GIF picture"),
        ("II*\0", 0, "a TIFF picture, or a camera's raw one"),
        ("MM\0*", 0, "a TIFF picture, or a camera's raw one"),
        ("FUJIFILMCCD-RAW", 0, "a camera's raw picture"),
        ("%PDF-", 0, "a PDF document"),
        ("8BPS", 0, "a Photoshop picture"),
        ("gimp xcf", 0, "a GIMP picture"),
        ("qoif", 0, "a QOI picture"),
        ("#?RADIANCE", 0, "a Radiance picture"),
        ("DICM", 128, "a DICOM picture"),
        ("SIMPLE  =", 0, "a FITS picture"),
        ("PK\u{3}\u{4}", 0, "a zip archive"),
        ("PK\u{5}\u{6}", 0, "an empty zip archive"),
        ("Rar!", 0, "a RAR archive"),
        ("ustar", 257, "a tar archive"),
        ("BZh", 0, "a bzip2 file"),
        ("RIFF", 0, "a film or a sound"),
        ("ID3", 0, "a sound"),
        ("Bud1", 4, "a Finder's .DS_Store"),
        ("P1\n", 0, "a PBM picture"), ("P4\n", 0, "a PBM picture"),
        ("P2\n", 0, "a PGM picture"), ("P5\n", 0, "a PGM picture"),
        ("P3\n", 0, "a PPM picture"), ("P6\n", 0, "a PPM picture"),
        ("version https://git-lfs", 0, "a Git LFS pointer: git lfs pull gets the file"),
    ].map { (Array($0.0.utf8), $0.1, $0.2) } + [
        ([0x76, 0x2f, 0x31, 0x01], 0, "an OpenEXR picture"),
        ([0x49, 0x49, 0x2b, 0x00], 0, "a TIFF picture"),
        ([0xff, 0x0a], 0, "a JPEG XL picture"),
        ([0, 0, 0, 12, 0x4a, 0x58, 0x4c, 0x20], 0, "a JPEG XL picture"),
        ([0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20], 0, "a JPEG 2000 picture"),
        ([0xff, 0x4f, 0xff, 0x51], 0, "a JPEG 2000 picture"),
        ([0, 0, 1, 0], 0, "an icon"),
        ([0x1f, 0x8b], 0, "a gzip file"),
        ([0x28, 0xb5, 0x2f, 0xfd], 0, "a Zstandard file"),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a], 0, "an xz file"),
        ([0x37, 0x7a, 0xbc, 0xaf], 0, "a 7-Zip archive"),
        ([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], 0, "a NumPy array"),
        ([0x89, 0x48, 0x44, 0x46], 0, "an HDF5 file"),
        ([0, 5, 0x16, 7], 0, "a Mac's resource fork"),
        ([0x42, 0x4d], 0, "a BMP picture"),
    ]

/// Files of ISO 14496-12, by their brands: a HEIC may call itself mif1 first, and so may an AVIF.
private func mediaKind(of bytes: UnsafeRawBufferPointer) -> String {
    let end = min(bytes.number(bytes: 4, at: 0) ?? 0, bytes.count, 128)
    let brands = [8] + stride(from: 16, to: end, by: 4)
    func isOne(of names: [String]) -> Bool {
        brands.contains { place in names.contains { bytes.has($0.utf8, at: place) } }
    }
    if isOne(of: ["avif", "avis"]) { return "an AVIF picture" }
    if isOne(of: ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]) { return "a HEIC picture" }
    return isOne(of: ["crx "]) ? "a camera's raw picture" : "a film"
}

private func textKind(of bytes: UnsafeRawBufferPointer) -> String? {
    let start = bytes.prefix(1_024)
    guard !start.contains(where: { $0 < 9 || 14..<27 ~= $0 || 28..<32 ~= $0 || $0 == 127 }) else { return nil }
    // Latin 1 is text too; more than a few such bytes are none.
    let text = String(decoding: start, as: UTF8.self).lowercased()
    if text.contains("<svg") { return "an SVG drawing" }
    if text.contains("<html") || text.contains("<!doctype html") { return "a web page" }
    return start.filter { $0 > 127 }.count <= start.count / 4 || String(validating: start, as: UTF8.self) != nil
        ? "text" : nil
}
