import Glibc

/// A folder in memory; run.sh removes it.
public let scratchFolder: String = {
    let path = "/dev/shm/sqzd-fuzz-\(getpid())"
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { fatalError("\(path) can't be made") }
    return path
}()

/// Writes a file anew: these bytes, then so many zeros.
public func write(_ bytes: UnsafeBufferPointer<UInt8>, zeros: Int = 0, to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0, Glibc.write(descriptor, bytes.baseAddress, bytes.count) == bytes.count,
        ftruncate(descriptor, bytes.count + zeros) == 0
    else { fatalError("\(path) can't be written") }
    close(descriptor)
}
