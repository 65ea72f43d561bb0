internal import Glibc
internal import Safetensors

/// A kind of file that models of others are read from. One more is a file in this folder and its line in `all`.
struct ModelFormat: Sendable {
    /// As an error says what is read.
    let name: String
    /// Whether a file that begins with these bytes, `startBytes` if it has so many, is of this kind.
    let recognizes: @Sendable (_ start: [UInt8]) -> Bool
    let read: @Sendable (_ path: String) throws -> ForeignModel

    /// The last has no mark: it is told by its numbers.
    static let all = [
        PlainSafetensors.format, TorchZip.format, TorchLegacy.format, ONNXModel.format, KerasHDF5.format,
        DeepCompression.format,
    ]

    private static let startBytes = 16

    /// - Throws: what the file is, if it is of no kind that is read.
    static func of(_ path: String) throws -> ModelFormat {
        let start = try start(of: path)
        guard let format = all.first(where: { $0.recognizes(start) }) else {
            throw ModelFileError(
                "\(StrangeFile.description(start)), no model; what is read is \(all.map(\.name).joined(separator: ", "))"
            )
        }
        return format
    }

    static func start(of path: String) throws -> [UInt8] {
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SafetensorsError.unreadable(path: path, errno: errno) }
        defer { close(descriptor) }
        var start = [UInt8](repeating: 0, count: startBytes)
        let count = pread(descriptor, &start, startBytes, 0)
        guard count >= 0 else { throw SafetensorsError.unreadable(path: path, errno: errno) }
        return Array(start[..<count])
    }
}
