/// What a user gave as a tree of files: a folder, or an archive of one. It is gone through twice: what there is, then the
/// pictures.
enum PictureTree {
    case folder(FolderReader)
    case archive(SourceFile)

    /// nil for what is neither.
    init?(_ file: SourceFile, limits: DatasetLimits) throws(DatasetError) {
        if let folder = try FolderReader(file) {
            self = .folder(folder)
            return
        }
        guard !file.name.hasSuffix(".bin") else { return nil }
        let stream = try ByteStream(file, limits: limits)
        guard ArchiveReader.recognizes(file.name, try stream.peek(ArchiveReader.headerSize)) else { return nil }
        self = .archive(file)
    }

    /// A file, a link or a device of the tree.
    struct Entry {
        let path: MemberPath
        let size: Int
        let isFile: Bool
        /// Its place among the archive's members; in a folder its path tells.
        let ordinal: Int
    }

    /// Hands over every entry, and what reads up to so many of its first bytes, until `visit` answers false.
    func survey(
        limits: DatasetLimits,
        _ visit: (Entry, _ start: (Int) throws(DatasetError) -> [UInt8]) throws(DatasetError) -> Bool
    ) throws(DatasetError) {
        switch self {
        case .folder(let folder):
            try folder.walk(limits: limits) { entry throws(DatasetError) in
                try visit(entry) { count throws(DatasetError) in try folder.read(entry, limit: count) }
            }
        case .archive(let file):
            let reader = try ArchiveReader(try ByteStream(file, limits: limits), limits: limits)
            var ordinal = 0
            while let member = try reader.next() {
                let entry = Entry(
                    path: try MemberPath(archived: member.path, in: file.name), size: member.size,
                    isFile: member.isFile, ordinal: ordinal)
                ordinal += 1
                var bytes: [UInt8] = []
                let goesOn = try visit(entry) { count throws(DatasetError) in
                    if count > bytes.count { bytes += try reader.read(count - bytes.count) }
                    return bytes
                }
                guard goesOn else { return }
            }
        }
    }
}

extension ArchiveReader {
    /// Consumes up to `count` bytes of the member.
    func read(_ count: Int) throws(DatasetError) -> [UInt8] {
        var failure: DatasetError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            do throws(DatasetError) { used = try read(into: UnsafeMutableRawBufferPointer(buffer)) } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
