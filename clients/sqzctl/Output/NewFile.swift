internal import Files
internal import Glibc

/// A file of the user's that is there whole or not at all.
final class NewFile {
    private let file: WholeFile
    private var size = 0

    /// Refuses to replace a file.
    init(path: String) throws {
        guard access(path, F_OK) != 0 else { throw InputError(path, bad: "exists already") }
        file = try WholeFile(path: path, mode: 0o666)
    }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try file.write($0, at: size) }
        size += bytes.count
    }

    func commit() throws { try file.commit() }
}
