/// The files that one input holds, one after the other: those of an archive, or the input itself.
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
    private let archive: ArchiveReader?
    private var count = 0

    init(_ file: SourceFile, limits: DatasetLimits) throws(DatasetError) {
        stream = try ByteStream(file, limits: limits)
        let isArchive =
            if file.name.hasSuffix(".bin") { false } else {
                ArchiveReader.recognizes(file.name, try stream.peek(ArchiveReader.headerSize))
            }
        archive = isArchive ? try ArchiveReader(stream, limits: limits) : nil
    }

    func next() throws(DatasetError) -> Member? {
        defer { count += 1 }
        if let archive {
            var entry = try archive.next()
            while let link = entry, !link.isFile { entry = try archive.next() }
            guard let entry else { return nil }
            let name = entry.printableName
            return Member(
                ordinal: count, baseName: Self.baseName(name), displayName: "\(stream.name): \(name)",
                size: entry.size)
        }
        guard count == 0 else { return nil }
        return Member(
            ordinal: count, baseName: Self.baseName(stream.name), displayName: stream.name, size: stream.size)
    }

    /// Consumes bytes of the current member into `target` until it is full or the member ends.
    func read(into target: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        if let archive { try archive.read(into: target) } else { try stream.read(into: target) }
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
        precondition(archive == nil, "the size of an archive's member is known")
        return try stream.drain()
    }

    private static func baseName(_ name: String) -> String {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        return last.hasSuffix(".gz") ? String(last.dropLast(3)) : last
    }
}
