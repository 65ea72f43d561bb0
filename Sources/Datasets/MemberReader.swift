/// The files that one input holds, one after the other: those of a tar archive, or the input itself.
final class MemberReader {
    struct Member {
        /// Position among the input's members.
        let ordinal: Int
        /// What its format and its part in the data set are told by: the last component, without ".gz".
        let baseName: String
        /// Name for messages.
        let displayName: String
        /// Bytes, unless only reading tells.
        let size: Int?
    }

    private let stream: ByteStream
    private let tar: TarReader?
    private var count = 0

    init(_ file: SourceFile, limits: DatasetLimits) throws(DatasetError) {
        stream = try ByteStream(file, limits: limits)
        let isArchive =
            if file.name.hasSuffix(".bin") { false } else {
                TarReader.recognizes(file.name, try stream.peek(TarReader.headerSize))
            }
        tar = isArchive ? try TarReader(stream) : nil
    }

    func next() throws(DatasetError) -> Member? {
        defer { count += 1 }
        if let tar {
            guard let (name, size) = try tar.next() else { return nil }
            return Member(
                ordinal: count, baseName: Self.baseName(name), displayName: "\(stream.name): \(name)", size: size)
        }
        guard count == 0 else { return nil }
        return Member(
            ordinal: count, baseName: Self.baseName(stream.name), displayName: stream.name, size: stream.size)
    }

    /// Consumes bytes of the current member into `target` until it is full or the member ends.
    func read(into target: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        if let tar { try tar.read(into: target) } else { try stream.read(into: target) }
    }

    /// Consumes up to `count` bytes.
    func read(_ count: Int) throws(DatasetError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = try bytes.withUnsafeMutableBufferPointer { target throws(DatasetError) in
            try read(into: UnsafeMutableRawBufferPointer(target))
        }
        bytes.removeLast(count - received)
        return bytes
    }

    /// Consumes the rest of an input that is no archive and returns its length.
    func drain() throws(DatasetError) -> Int {
        precondition(tar == nil, "the size of an archive's member is known")
        return try stream.drain()
    }

    private static func baseName(_ name: String) -> String {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        return last.hasSuffix(".gz") ? String(last.dropLast(3)) : last
    }
}
