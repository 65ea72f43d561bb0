/// A file of none of the formats that are read, by what it begins with.
enum StrangeFile {
    /// What people are likely to try, with the bytes that each of them begins with.
    private static let known: [(name: String, start: [UInt8])] = [
        ("a zip archive, as PyTorch and Keras write them", Array("PK".utf8) + [3, 4]),
        ("a pickle, as older versions of PyTorch write them", [0x80, 2]),
        ("an HDF5 file that was damaged on its way, as by a transfer of text", [0x89] + Array("HDF".utf8)),
        ("a GGUF file", Array("GGUF".utf8)),
        ("a gzip file", [0x1f, 0x8b]),
        ("a PNG picture", [0x89] + Array("PNG".utf8)),
        ("a JPEG picture", [0xff, 0xd8, 0xff]),
    ]

    static func description(_ start: [UInt8]) -> String {
        if start.isEmpty { return "the file is empty" }
        if let known = known.first(where: { start.starts(with: $0.start) }) { return "the file is \(known.name)" }
        let bytes = start.prefix(8).map { "0x\($0 < 16 ? "0" : "")\(String($0, radix: 16))" }
        return "the file begins with \(bytes.joined(separator: " "))"
    }
}
