internal import Glibc
internal import SqzProtocol

/// A tar file, read from its beginning to its end: regular files alone, with names and sizes as pax headers say them.
///
/// Source: POSIX.1-2017, pax(1), "ustar Interchange Format" and "pax Header Block".
struct TarReader {
    private let descriptor: CInt
    private let path: String
    /// Bytes that are left of the member in hand, and those that fill its last block.
    private var rest = 0
    private var padding = 0

    /// - Parameter path: for errors.
    init(_ descriptor: CInt, _ path: String) { (self.descriptor, self.path) = (descriptor, path) }

    /// The next member; nil at the end.
    mutating func next() throws -> (name: String, size: Int)? {
        var name: [UInt8]?
        var size: Int?
        while true {
            let header = try block()
            if header.allSatisfy({ $0 == 0 }) { return nil }
            guard Self.number(header[148..<156]) == TarBlocks.checksum(header) else {
                throw InputError(path, bad: "is no tar file, or damaged")
            }
            guard let said = Self.number(header[124..<136]) else {
                throw InputError(path, bad: "has no size for a member")
            }
            switch header[156] {
            case UInt8(ascii: "x"):
                guard said <= Self.largestExtension else {
                    throw InputError(path, bad: "has a header of \(said) bytes")
                }
                begin(said)
                for (key, value) in try Self.records(try all()) {
                    if key == "path" { name = value }
                    if key == "size" { size = Int(String(decoding: value, as: UTF8.self)) ?? -1 }
                }
            case UInt8(ascii: "0"), 0:
                let own = header[..<TarBlocks.nameBytes].prefix { $0 != 0 }
                let count = size ?? said
                guard (0...Self.largestMember).contains(count) else {
                    throw InputError(path, bad: "has a member of an impossible size")
                }
                begin(count)
                return (String(decoding: name ?? Array(own), as: UTF8.self), count)
            default: throw InputError(path, bad: "has a member that is no file: it is no backup of sqzd")
            }
        }
    }

    /// What is next of the member in hand; empty at its end.
    mutating func read() throws -> [UInt8] {
        let bytes = try read(min(rest, 1 << 18))
        rest -= bytes.count
        if rest == 0 {
            _ = try read(padding)
            padding = 0
        }
        return bytes
    }

    private static let largestExtension = 1 << 16
    /// No file system has a larger file.
    private static let largestMember = 1 << 60

    private mutating func begin(_ size: Int) { (rest, padding) = (size, TarBlocks.padded(size) - size) }

    private mutating func all() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while case let piece = try read(), !piece.isEmpty { bytes += piece }
        return bytes
    }

    private func block() throws -> [UInt8] { try read(TarBlocks.size) }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let received = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + done, count - done) }
            if received < 0, errno == EINTR { continue }
            guard received >= 0 else { throw InputError(path) }
            guard received > 0 else { throw InputError(path, bad: "ends in its middle") }
            done += received
        }
        return bytes
    }

    /// A number in octal digits; nil where it is none.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        let text = field.prefix { $0 != 0 }.filter { $0 != UInt8(ascii: " ") }
        return Int(String(decoding: text, as: UTF8.self), radix: 8).flatMap { $0 >= 0 ? $0 : nil }
    }

    private static func records(_ bytes: [UInt8]) throws -> [(key: String, value: [UInt8])] {
        var records: [(String, [UInt8])] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != UInt8(ascii: " ") }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 1,
                length <= rest.count
            else { throw InputError("a header", bad: "is damaged") }
            let text = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
            let key = text.prefix { $0 != UInt8(ascii: "=") }
            records.append((String(decoding: key, as: UTF8.self), Array(text.dropFirst(key.count + 1))))
            rest = rest.dropFirst(length)
        }
        return records
    }
}
