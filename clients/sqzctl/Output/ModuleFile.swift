internal import Glibc

/// The Python text beside a state dict, `x.py` of `x.pth` and of `x.pt`. It is the same for all weights of a network: where it is
/// there already, nothing is written. What sqzd did not export is never replaced.
final class ModuleFile {
    let path: String
    private let file: String
    private let force: Bool
    /// What is there.
    private let old: [UInt8]?
    private var new: NewFile?

    /// In one of the first lines of what sqzd exports.
    private static let mark = "exported by sqzd"
    private static let marked = 3
    /// A module has some 3 kB.
    private static let mostBytes = 1 << 20

    /// - Parameter file: of the state dict.
    init(of file: String, force: Bool) throws {
        let suffix = ExportFormat.pytorch.suffixes.first(where: file.lowercased().hasSuffix) ?? ""
        path = file.dropLast(suffix.count) + ".py"
        (self.file, self.force) = (file, force)
        old = try Self.bytes(at: path)
        guard let old, !Self.isOurs(old) else { return }
        throw InputError(
            path,
            bad: """
                exists already, and sqzd did not export it, so it is not replaced; right would be another name than \(file), whose \
                network's Python text goes there
                """)
    }

    private static func bytes(at path: String) throws -> [UInt8]? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw InputError(path) }
            return nil
        }
        let descriptor = try Reading.open(path, pipes: false, right: "a new file's name")
        defer { close(descriptor) }
        return try Reading.bytes(of: descriptor, path, limit: mostBytes)
    }

    private static func isOurs(_ bytes: [UInt8]) -> Bool {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: marked, omittingEmptySubsequences: false)
        return lines.prefix(marked).contains { String(decoding: $0, as: UTF8.self).contains(mark) }
    }

    func write(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard old != bytes else { return }
        if old != nil, let other = try others().first {
            throw InputError(
                path,
                bad: "makes the network of \(other), which is another one; right would be another name than \(file)")
        }
        new = try NewFile(path: path, force: force)
        try new?.write(bytes)
    }

    func commit() throws { try new?.commit() }

    /// State dicts whose text it is too.
    private func others() throws -> [String] {
        var own = stat()
        let isThere = stat(file, &own) == 0
        return ExportFormat.pytorch.suffixes.map { path.dropLast(3) + $0 }.filter { other in
            var status = stat()
            guard other != file, stat(other, &status) == 0 else { return false }
            // On some file systems m.pt is m.PT.
            return !isThere || (status.st_dev, status.st_ino) != (own.st_dev, own.st_ino)
        }
    }
}
