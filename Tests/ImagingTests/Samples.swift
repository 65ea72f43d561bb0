import Foundation
import Bitmaps
import Imaging
import TestSupport
import Testing
import Varlink

/// Pictures that Fixtures/imaging/make.py made, and what Pillow makes of them.
struct Samples {
    struct Case: Decodable {
        let name: String
        /// The picture's file.
        let source: String
        let width: Int
        let height: Int
        let filter: Filter?
        let fit: String?
    }

    let folder: ScratchDirectory
    let cases: [Case]

    /// - Parameter kind: one of the script's.
    init(_ kind: String) throws {
        folder = try ScratchDirectory()
        try Oracle.run(try #require(Oracle.python), [Oracle.fixture("imaging/make.py"), folder.path, kind])
        cases = try JSON.decode([Case].self, from: folder.read("cases.json"))
        try #require(!cases.isEmpty)
    }

    /// What Pillow shows.
    func expected(_ sample: Case) throws -> Bitmap {
        Bitmap(width: sample.width, height: sample.height, pixels: try folder.read("\(sample.name).rgb"))
    }

    func bytes(_ name: String) throws -> [UInt8] { try folder.read(name) }
}

extension Bitmap {
    init(_ bytes: [UInt8], limit: Int = ImagingLimits.values) throws(ImagingError) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(ImagingError) in
            try Bitmap(decoding: UnsafeRawBufferPointer(bytes), limit: limit)
        }
    }

    /// The largest difference of a value, and the mean one; nil if the sizes differ.
    func difference(from other: Bitmap) -> (largest: Int, mean: Double)? {
        guard width == other.width, height == other.height else { return nil }
        let differences = zip(pixels, other.pixels).map { abs(Int($0) - Int($1)) }
        return (differences.max()!, Double(differences.reduce(0, +)) / Double(differences.count))
    }
}
