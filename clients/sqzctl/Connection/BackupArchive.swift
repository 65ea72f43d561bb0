internal import Crypto
internal import SqzProtocol

/// What is in a backup: a tar file of what the daemon gives, and at its end each member's sha256, as sha256sum(1) writes and reads it.
enum BackupArchive {
    static let database = "sqzd.db"
    static let checksums = "SHA256SUMS"

    /// The checksum that a blob is named for; nil of anything else.
    static func blob(_ name: String) -> String? {
        guard name.hasPrefix("blobs/") else { return nil }
        let sha256 = name.dropFirst("blobs/".count)
        return sha256.utf8.count == 64 && sha256.utf8.allSatisfy { isDigit($0) || (97...102).contains($0) }
            ? String(sha256) : nil
    }

    /// Whether it is a member of a backup: nothing else is ever written, wherever a name would lead.
    static func isMember(_ name: String) -> Bool {
        if name == database || name == checksums || blob(name) != nil { return true }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "jobs" && !parts[1].isEmpty && parts[1].utf8.allSatisfy(isDigit)
            && !["", ".", ".."].contains(parts[2]) && !parts[2].utf8.contains(0)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    static func hexadecimal(_ hash: SHA256) -> String {
        let digits = Array("0123456789abcdef")
        return String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    /// Writes one, member by member.
    struct Writer {
        let write: ([UInt8]) throws -> Void
        private var member: (name: String, size: Int, rest: Int, hash: SHA256)?
        private var lines = ""
        private(set) var count = 0
        private(set) var bytes = 0

        init(_ write: @escaping ([UInt8]) throws -> Void) { self.write = write }

        mutating func begin(_ name: String, size: Int) throws {
            try endMember()
            guard isMember(name), name != checksums, size >= 0 else {
                throw InputError(name, bad: "is no file of a backup: the daemon is newer than this sqzctl")
            }
            try write(TarBlocks.header(Array(name.utf8), isFile: true, size: size, mode: 0o600))
            member = (name, size, size, SHA256())
            count += 1
        }

        mutating func add(_ data: [UInt8]) throws {
            guard let rest = member?.rest, data.count <= rest else {
                throw InputError(member?.name ?? "a file", bad: "is longer than the daemon said")
            }
            member?.hash.update(data: data)
            member?.rest -= data.count
            bytes += data.count
            try write(data)
        }

        private mutating func endMember() throws {
            guard let (name, size, rest, hash) = member else { return }
            guard rest == 0 else { throw InputError(name, bad: "lacks \(rest) bytes") }
            let sha256 = hexadecimal(hash)
            if let expected = blob(name), sha256 != expected {
                throw InputError(name, bad: "is damaged on the daemon's disk: its sha256 is \(sha256)")
            }
            try write([UInt8](repeating: 0, count: TarBlocks.padded(size) - size))
            lines += "\(sha256)  \(name)\n"
            member = nil
        }

        mutating func end() throws {
            try endMember()
            let text = Array(lines.utf8)
            try write(TarBlocks.header(Array(checksums.utf8), isFile: true, size: text.count, mode: 0o600))
            try write(text + [UInt8](repeating: 0, count: TarBlocks.padded(text.count) - text.count))
            try write([UInt8](repeating: 0, count: 2 * TarBlocks.size))
        }
    }
}
