internal import Crypto
internal import FoundationEssentials
internal import Glibc
internal import SqzProtocol
internal import Varlink

extension Daemon {
    /// Uploads a file, or what of it the daemon does not have; gives its checksum.
    func upload(_ file: String, named name: String) throws -> String {
        // It is read twice.
        let descriptor = try Reading.open(file, pipes: false, right: "a regular file")
        defer { close(descriptor) }
        // Where the kernel does not know its length, it is 0.
        let length = lseek(descriptor, 0, SEEK_END)
        return try upload(file, named: name, length: length) { try chunk(descriptor, file, at: $0) }
    }

    /// Uploads a folder as one tar file.
    func upload(_ folder: FolderTar, at path: String, named name: String) throws -> String {
        try upload(path, named: name, length: 0) { try folder.bytes(at: $0, count: Limits.chunkBytes) }
    }

    /// - Parameters:
    ///   - length: how much there is at least, as far as that is known before it is read.
    ///   - chunk: gives bytes from a place on, as many as a chunk has, and none at the end. It is asked twice.
    private func upload(
        _ file: String, named name: String, length: Int, chunk: (Int) throws -> [UInt8]
    ) throws -> String {
        var hash = SHA256()
        var size = 0
        while case let bytes = try chunk(size), !bytes.isEmpty {
            hash.update(data: bytes)
            size += bytes.count
            guard max(size, length) <= Limits.uploadBytes else {
                throw InputError(file, bad: "has more than \(Format.bytes(Limits.uploadBytes)), the most that is taken")
            }
        }
        guard size > 0 else { throw InputError(file, bad: "is empty") }
        let sha256 = hash.finalize().description.suffix(64)
        var sent = try call(DatasetsInterface.Offer.self, .init(sha256: String(sha256), size: size)).offset
        try pipeline(DatasetsInterface.Write.self) {
            let bytes = try chunk(sent)
            guard sent < size, !bytes.isEmpty else { return nil }
            defer { sent += bytes.count }
            return .init(sha256: String(sha256), offset: sent, data: Data(bytes).base64EncodedString())
        } _: { reply in
            Output.live("\(name): \(Format.bytes(reply.offset)) of \(Format.bytes(size)) sent")
        }
        return String(sha256)
    }

    private func chunk(_ descriptor: CInt, _ file: String, at offset: Int) throws -> [UInt8] {
        let size = Limits.chunkBytes
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, used in
            count = pread(descriptor, buffer.baseAddress, size, offset)
            used = max(0, count)
        }
        guard count >= 0 else { throw InputError(file) }
        return bytes
    }
}
