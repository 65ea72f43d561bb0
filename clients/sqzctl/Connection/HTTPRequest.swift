internal import Glibc

/// The beginning of an HTTP request (RFC 9112) that asks for something, as far as it matters here.
struct HTTPRequest {
    let method: String
    let path: String
    /// What the client reads, as it says it.
    private(set) var accepts = ""

    /// More than monitoring systems send.
    private static let mostBytes = 16 << 10

    /// nil where what comes is none.
    init?(reading descriptor: CInt) {
        var bytes: [UInt8] = []
        while !Self.isWhole(bytes) {
            var part = [UInt8](repeating: 0, count: 4_096)
            let count = read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0, bytes.count + count <= Self.mostBytes else { return nil }
            bytes += part.prefix(count)
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(omittingEmptySubsequences: false) { $0.isNewline }
        let words = lines[0].split(separator: " ")
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return nil }
        method = String(words[0])
        path = String(words[1].prefix { $0 != "?" })
        for line in lines.dropFirst().prefix(while: { !$0.isEmpty }) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "accept" { accepts += parts[1] }
        }
    }

    /// An empty line ends it.
    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        let end = Array("\r\n\r\n".utf8)
        return bytes.indices.contains { bytes[$0...].starts(with: end) }
    }
}
