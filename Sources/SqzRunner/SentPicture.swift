internal import Datasets
internal import FoundationEssentials
internal import Imaging

/// A picture as somebody sent it: a PNG, JPEG or WebP file, whatever its size, or the bytes of a `PictureRecord`, or nothing of
/// that.
struct SentPicture {
    let bytes: [UInt8]
    /// Where these are a file's.
    let header: PictureHeader?

    init(base64: String) throws(ReceivedPicture.Problem) {
        guard let data = Data(base64Encoded: base64) else { throw .init(reason: "is not base64") }
        bytes = Array(data)
        do throws(ImagingError) {
            header = try bytes.withUnsafeBufferPointer { bytes throws(ImagingError) in
                try PictureHeader(of: UnsafeRawBufferPointer(bytes))
            }
        } catch {
            // Planes may begin as a file does; they don't have a file's header.
            let isRecord = (0...1).contains(bytes.count - PictureRecord.pictureBytes)
            guard isRecord || error.code == .unknown else { throw .init(reason: error.problem) }
            header = nil
        }
    }
}
