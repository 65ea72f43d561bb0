internal import Files
internal import Glibc

/// What a file of the user's is written to: one that is there whole or not at all, or a device or FIFO that there is.
final class NewFile {
    private let path: String
    private let place: Place
    private var size = 0

    private enum Place {
        case file(WholeFile)
        case stream(CInt)
    }

    /// - Parameter force: replace a file that is there.
    /// - Parameter mode: of one that is not, less what the process's mask takes; one that is there keeps of its own what is in this.
    init(path: String, force: Bool, mode: UInt32 = 0o666) throws {
        self.path = path
        var status = stat()
        guard stat(path, &status) == 0 else {
            // A link that leads nowhere would be replaced.
            guard lstat(path, &status) != 0 else { throw InputError(path, bad: "is a link to what is not there") }
            place = .file(try WholeFile(path: path, mode: mode))
            return
        }
        switch FileKind(status) {
        case .regular where force:
            // The file is replaced, not a link to it.
            guard let resolved = realpath(path, nil) else { throw InputError(path) }
            defer { free(resolved) }
            place = .file(try WholeFile(path: String(cString: resolved), mode: status.st_mode & mode))
        case .regular: throw InputError(path, bad: "exists already; --force replaces it")
        case .fifo, .characterDevice: place = .stream(try Self.open(path))
        case let kind:
            throw InputError(path, bad: "is \(kind); right would be a new file's name, or - for standard output")
        }
    }

    deinit { if case .stream(let descriptor) = place { close(descriptor) } }

    /// Whether it is a file, which is there from now on.
    var isFile: Bool { if case .file = place { true } else { false } }

    private static func open(_ path: String) throws -> CInt {
        // A FIFO that nobody reads can't be opened so, rather than waited for.
        let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            throw errno == ENXIO
                ? InputError(path, bad: "nobody reads from it") : InputError(written: path, code: errno)
        }
        guard fcntl(descriptor, F_SETFL, O_WRONLY) == 0 else { throw InputError(written: path, code: errno) }
        return descriptor
    }

    func write(_ bytes: [UInt8]) throws {
        switch place {
        case .file(let file):
            try onDisk { () throws(FileError) in
                try bytes.withUnsafeBytes { bytes in
                    Result { () throws(FileError) in try file.write(bytes, at: size) }
                }.get()
            }
            size += bytes.count
        case .stream(let descriptor):
            if let code = Output.write(bytes, to: descriptor) { throw InputError(written: path, code: code) }
        }
    }

    func commit() throws {
        if case .file(let file) = place { try onDisk { () throws(FileError) in try file.commit() } }
    }

    private func onDisk(_ body: () throws(FileError) -> Void) throws {
        do throws(FileError) { try body() } catch { throw InputError(written: error.path, code: error.code) }
    }
}
