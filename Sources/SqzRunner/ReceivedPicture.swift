internal import Bitmaps
internal import Datasets
internal import Imaging
internal import SqzProtocol

/// A picture that somebody wants classified: a record as it is, and of a file the first square that a model makes of it.
struct ReceivedPicture: Sendable {
    /// Where a record has one.
    let label: UInt8?
    /// Rows and columns.
    let side: Int
    /// The red, the green and the blue one.
    let planes: [UInt8]

    /// Why there is no such picture.
    struct Problem: Error {
        let reason: String
        /// Nobody knows what it is: it is to be sent again.
        var isUnknown = false

        /// Those before it took what a call may.
        static let again = Problem(
            reason: "was not looked at, since the pictures before it took what one call may; send it again",
            isUnknown: true)
    }

    /// - Parameter square: what becomes of a file's picture.
    init(_ sent: SentPicture, square: Square) throws(Problem) {
        do {
            if sent.header != nil {
                label = nil
                side = square.side
                planes = try sent.bytes.withUnsafeBufferPointer { bytes throws(ImagingError) in
                    try Bitmap(decoding: UnsafeRawBufferPointer(bytes), to: square).planes
                }
            } else {
                let record = try PictureRecord(bytes: sent.bytes)
                label = record.label
                side = PictureRecord.side
                planes = record.pixels
            }
        } catch let error as ImagingError {
            throw Problem(reason: error.problem)
        } catch let error as DatasetError {
            throw Problem(reason: "\(error.problem), or a PNG, JPEG or WebP file")
        } catch {
            throw Problem(reason: "\(error)")
        }
    }
}
