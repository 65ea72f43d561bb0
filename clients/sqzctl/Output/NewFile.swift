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
        try onDisk { () throws(FileError) in
            try bytes.withUnsafeBytes { bytes in
                Result { () throws(FileError) in try file.write(bytes, at: size) }
            }.get()
        }
        size += bytes.count
    }

    func commit() throws { try onDisk { () throws(FileError) in try file.commit() } }

    private func onDisk(_ body: () throws(FileError) -> Void) throws {
        do throws(FileError) { try body() } catch { throw InputError(written: error.path, code: error.code) }
    }
}
