internal import Datasets
internal import FoundationEssentials
internal import Imaging
internal import SqzProtocol

/// A picture that somebody wants classified, in the size of those that models are trained on.
struct ReceivedPicture: Sendable {
    /// Where a record has one.
    let label: UInt8?
    /// `PictureRecord.pictureBytes` of them.
    let planes: [UInt8]

    /// Why bytes are no such picture.
    struct Problem: Error {
        let reason: String
    }

    /// - Parameters:
    ///   - base64: a PNG, JPEG or WebP file, whatever its size, or the bytes of a `PictureRecord`.
    ///   - budget: where the memory for decoding is drawn from.
    init(base64: String, _ budget: DecodingBudget) throws(Problem) {
        guard let data = Data(base64Encoded: base64) else { throw Problem(reason: "is not base64") }
        let bytes = Array(data)
        do {
            if let bitmap = try Self.decoded(bytes, budget) {
                label = nil
                planes = bitmap.planes
            } else {
                let record = try PictureRecord(bytes: bytes)
                label = record.label
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

    /// The centre of the picture in a file; nil, if these are the bytes of a record, or nothing that is known.
    private static func decoded(_ bytes: [UInt8], _ budget: DecodingBudget) throws(ImagingError) -> Bitmap? {
        try bytes.withUnsafeBufferPointer { bytes throws(ImagingError) in
            let bytes = UnsafeRawBufferPointer(bytes)
            let header: PictureHeader
            do throws(ImagingError) {
                header = try PictureHeader(of: bytes)
            } catch {
                // Planes may begin as a file does; they don't have a file's header.
                let isRecord = (0...1).contains(bytes.count - PictureRecord.pictureBytes)
                guard isRecord || error.code == .unknown else { throw error }
                return nil
            }
            let share = budget.draw(header)
            defer { budget.giveBack(share) }
            return try Bitmap(
                decoding: bytes, to: .crop(shorterSide: PictureRecord.side), size: PictureRecord.side)
        }
    }
}
