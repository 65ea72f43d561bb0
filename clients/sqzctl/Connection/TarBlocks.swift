/// The blocks of a tar file beside its members' bytes.
///
/// Source: POSIX.1-2017, pax(1), "ustar Interchange Format" and "pax Header Block".
enum TarBlocks {
    /// Bytes of a block. Two blocks of zeros end a file.
    static let size = 512
    /// Of a name, and of a size in octal digits, in the header itself.
    static let nameBytes = 100
    static let largestSize = 1 << 33 - 1

    static func padded(_ count: Int) -> Int { (count + size - 1) / size * size }

    static func header(_ path: [UInt8], isFile: Bool, size count: Int, mode: Int = 0o644) -> [UInt8] {
        // Longer, or larger, than a header can say. Whatever a name's bytes are, they are meant so.
        var records: [UInt8] = []
        if path.count > nameBytes { records += record("hdrcharset=BINARY", []) + record("path=", path) }
        if count > largestSize { records += record("size=", Array(String(count).utf8)) }
        let own = block(path, size: min(count, largestSize), kind: isFile ? "0" : "2", mode: mode)
        guard !records.isEmpty else { return own }
        let extended = block(Array("PaxHeader".utf8), size: records.count, kind: "x", mode: mode)
        return extended + records + [UInt8](repeating: 0, count: padded(records.count) - records.count) + own
    }

    /// A record of a pax header: its length in decimal, itself included, a blank, the text and a newline.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = key.utf8.count + value.count + 2
        var length = rest + 1
        while length != rest + String(length).utf8.count { length += 1 }
        return Array("\(length) \(key)".utf8) + value + [UInt8(ascii: "\n")]
    }

    private static func block(_ path: [UInt8], size count: Int, kind: Unicode.Scalar, mode: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: size)
        func put(_ bytes: some Sequence<UInt8>, at place: Int) {
            for (index, byte) in bytes.enumerated() { header[place + index] = byte }
        }
        func octal(_ value: Int, _ digits: Int) -> String.UTF8View {
            let text = String(value, radix: 8)
            return (String(repeating: "0", count: digits - text.utf8.count) + text).utf8
        }
        put(path.prefix(nameBytes), at: 0)
        put(octal(mode, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(count, 11), at: 124)
        put(octal(0, 11), at: 136)
        header[156] = UInt8(ascii: kind)
        // Where a link leads is nobody's business.
        if kind == "2" { put("-".utf8, at: 157) }
        put("ustar\u{0}00".utf8, at: 257)
        put(octal(checksum(header), 6), at: 148)
        header[154] = 0
        header[155] = UInt8(ascii: " ")
        return header
    }

    /// It counts itself as blanks.
    static func checksum(_ header: some Collection<UInt8>) -> Int {
        header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
    }
}
