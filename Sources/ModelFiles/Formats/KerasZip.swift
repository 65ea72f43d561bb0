/// A `.keras` file: a zip archive with the weights as an HDF5 file among its members.
enum KerasZip {
    private static let weights = "model.weights.h5"

    /// nil where there are none.
    static func read(_ archive: ZipArchive, _ members: [(name: String, size: Int)]) throws -> ForeignModel? {
        guard let (name, size) = members.first(where: { $0.name == weights }) else { return nil }
        guard size <= ModelFileLimits.kerasBytes else {
            throw ModelFileError("its \(weights) has \(size) bytes; at most \(ModelFileLimits.kerasBytes) are read")
        }
        let bytes = Bytes(try archive.bytes(of: name, 0..<size))
        var model = try KerasHDF5.model(HDF5File(UnsafeRawBufferPointer(bytes.copy), of: bytes))
        if let (name, size) = members.first(where: { $0.name == configuration }) {
            guard size <= ModelFileLimits.kerasConfigurationBytes else {
                throw ModelFileError(
                    "its \(name) has \(size) bytes; at most \(ModelFileLimits.kerasConfigurationBytes) are read")
            }
            model.keras = try KerasConfiguration(archive.bytes(of: name, 0..<size), in: "its \(name)")
        }
        return model
    }

    private static let configuration = "config.json"

    /// Bytes that stay where they are.
    private final class Bytes {
        let copy: UnsafeMutableRawBufferPointer

        init(_ bytes: [UInt8]) {
            copy = .allocate(byteCount: bytes.count, alignment: 16)
            copy.copyBytes(from: bytes)
        }

        deinit { copy.deallocate() }
    }
}
