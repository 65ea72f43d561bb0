internal import Glibc

/// Where squares wait until it is known how many there are: a file without a name, which goes with this object. Any number of
/// threads may write.
final class SquareSpool: Sendable {
    private let descriptor: CInt
    private let squareBytes: Int

    /// - Parameter path: that of a file that is not there, in a folder that may be written.
    init(path: String, squareBytes: Int) throws(DatasetError) {
        self.squareBytes = squareBytes
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0, unlink(path) == 0 else { throw .unwritable(errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ square: [UInt8], at place: Int) throws(DatasetError) {
        var done = 0
        while done < square.count {
            let count = square.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress! + done, $0.count - done, off_t(place * squareBytes + done))
            }
            guard count >= 0 || errno == EINTR else { throw .unwritable(errno) }
            done += max(0, count)
        }
    }

    func read(_ place: Int, into target: UnsafeMutableRawBufferPointer) throws(DatasetError) {
        var done = 0
        while done < squareBytes {
            let count = pread(
                descriptor, target.baseAddress! + done, squareBytes - done, off_t(place * squareBytes + done))
            guard count > 0 || count < 0 && errno == EINTR else { throw .unwritable(count == 0 ? EIO : errno) }
            done += max(0, count)
        }
    }

    /// Gives back the disk that squares from this place on take.
    func drop(from place: Int) throws(DatasetError) {
        guard ftruncate(descriptor, off_t(place * squareBytes)) == 0 else { throw .unwritable(errno) }
    }
}

extension DatasetError {
    /// The system's reason why the output can't be written.
    fileprivate static func unwritable(_ code: CInt) -> DatasetError {
        DatasetError(.unwritable, nil, "squares can't be kept: \(String(cString: strerror(code)))")
    }
}
