internal import Varlink

/// What `torch.save` writes since PyTorch 1.6: a zip archive with a pickle, `data.pkl`, and a member for each storage, all in one
/// folder. Keras' zip archives are told from these by their members.
enum TorchZip {
    static let format = ModelFormat(
        name: "PyTorch's state dicts (.pth, .pt)", recognizes: { $0.starts(with: Array("PK".utf8) + [3, 4]) },
        read: read)

    private static let pickle = "data.pkl"

    private static func read(_ path: String) throws -> ForeignModel {
        let archive = ZipArchive(path: path)
        let members = try archive.members()
        guard let (name, size) = members.first(where: { $0.name == pickle || $0.name.hasSuffix("/" + pickle) }) else {
            if let keras = try KerasZip.read(archive, members) { return keras }
            let found = members.prefix(5).map { String($0.name.prefix(60)) }.joined(separator: ", ")
            throw ModelFileError(
                "the file is a zip archive without PyTorch's \(pickle) or Keras' model.weights.h5; it has \(found)")
        }
        guard !members.contains(where: { $0.name.hasSuffix("/constants.pkl") || $0.name == "constants.pkl" }) else {
            throw ModelFileError("it is a TorchScript program; save the model's state_dict() with torch.save")
        }
        guard size <= ModelFileLimits.pickleBytes else {
            throw ModelFileError("its pickle has \(size) bytes; at most \(ModelFileLimits.pickleBytes) are read")
        }
        let folder = name.dropLast(pickle.count)
        if members.contains(where: { $0.name == folder + "byteorder" && $0.size == 3 }),
            try archive.bytes(of: folder + "byteorder", 0..<3) == Array("big".utf8)
        {
            throw ModelFileError("its numbers are big-endian; little-endian would be right")
        }
        let metadata = try metadata(archive, members.first { $0.name == folder + TorchStateDict.metadataMember })
        var model = try archive.bytes(of: name, 0..<size).withUnsafeBytes { pickle in
            let reader = PickleReader(pickle)
            return try withExtendedLifetime(reader) {
                try StateDict.model(try reader.next()) { storage, range in
                    let size = storage.type.elementSize!
                    return try archive.bytes(
                        of: "\(folder)data/\(storage.key)", range.lowerBound * size..<range.upperBound * size)
                }
            }
        }
        model.metadata = metadata
        return model
    }

    /// What a file says that we have exported.
    private static func metadata(_ archive: ZipArchive, _ member: (name: String, size: Int)?) throws -> [String:
        String]?
    {
        guard let (name, size) = member else { return nil }
        guard size <= ModelFileLimits.metadataBytes else {
            throw ModelFileError(
                "its \(name.suffix(60)) has \(size) bytes; at most \(ModelFileLimits.metadataBytes) are read")
        }
        let bytes = try archive.bytes(of: name, 0..<size)
        do throws(JSONError) {
            return try JSON.decode([String: String].self, from: bytes, unknownKeys: .refuse)
        } catch { throw ModelFileError(error.sentence(about: "its \(name.suffix(60))")) }
    }
}
