internal import Glibc

/// The user's files.
enum Reading {
    /// The bytes of an open file, `limit` at most. A pipe, as <(…) is one, gives a part at a time.
    static func bytes(of descriptor: CInt, _ path: String, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            var chunk = [UInt8](repeating: 0, count: limit - bytes.count)
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw InputError(path) }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        return bytes
    }
}
