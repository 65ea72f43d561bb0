/// The formats that are read, told by their first bytes, never by a name.
public enum PictureFormat: String, CaseIterable, Sendable {
    case png = "PNG"
    case jpeg = "JPEG"
    case webp = "WebP"

    /// - Throws: `ImagingError.Code.notRead`, with what the bytes are instead, or `unknown`.
    public init(of bytes: UnsafeRawBufferPointer) throws(ImagingError) {
        guard let format = Self.allCases.first(where: { $0.isFormat(of: bytes) }) else {
            throw foreignKind(of: bytes).map { .notRead($0) } ?? .unknown(count: bytes.count)
        }
        self = format
    }

    private func isFormat(of bytes: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .png: bytes.has(PNG.mark, at: 0)
        case .jpeg: bytes.has([0xff, 0xd8, 0xff], at: 0)
        case .webp: bytes.has("RIFF".utf8, at: 0) && bytes.has("WEBP".utf8, at: 8)
        }
    }
}
