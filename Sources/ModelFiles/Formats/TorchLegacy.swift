/// What `torch.save` wrote before PyTorch 1.6, and does with `_use_new_zipfile_serialization=False`: pickles of a magic number, a
/// version, what the machine was, the object itself and the storages' keys, then for each storage its count and its numbers.
enum TorchLegacy {
    static let format = ModelFormat(
        name: "the same of PyTorch before 1.6",
        // PROTO 2, then LONG1 of the magic number's ten bytes.
        recognizes: { $0.starts(with: [0x80, 2, 0x8a, 10] + magic) }, read: read)

    /// 0x1950a86a20f9469cfc6c
    private static let magic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
    private static let version = 1_001
    /// Bytes of a storage's count.
    private static let countSize = 8

    private static func read(_ path: String) throws -> ForeignModel {
        let file = try MappedBytes(path: path)
        let reader = PickleReader(file.bytes)
        _ = try reader.next()
        guard try reader.next().integer == version else {
            throw ModelFileError("its format is not \(version), which PyTorch writes")
        }
        let machine = try reader.next()
        if case .dictionary(let box) = machine,
            box.entries.contains(where: { key, value in
                if key == "little_endian", case .bool(false) = value { true } else { false }
            })
        {
            throw ModelFileError("its numbers are big-endian; little-endian would be right")
        }
        let object = try reader.next()
        let places = try places(of: try keys(try reader.next()), reader)
        return try withExtendedLifetime(reader) {
            try StateDict.model(object) { storage, range in
                guard let data = places[storage.key] else {
                    throw ModelFileError("it has no storage \(storage.key.prefix(60))")
                }
                let size = storage.type.elementSize!
                let start = data.lowerBound + range.lowerBound * size
                return Array(file.bytes[start..<(start + range.count * size)])
            }
        }
    }

    /// Where each storage's numbers are in the file.
    private static func places(of keys: [String], _ reader: PickleReader) throws -> [String: Range<Int>] {
        var places: [String: Range<Int>] = [:]
        var start = reader.position
        var rest = reader.rest
        for key in keys {
            guard let storage = reader.storages[key] else {
                throw ModelFileError("nothing is said of its storage \(key.prefix(60))")
            }
            let (size, overflow) = storage.count.multipliedReportingOverflow(by: storage.type.elementSize!)
            guard rest.count >= countSize, !overflow, size <= rest.count - countSize else {
                throw ModelFileError(
                    "it ends within storage \(key.prefix(60)), whose \(storage.count) numbers do not fit into the "
                        + "\(rest.count) bytes that are there")
            }
            guard Int64(littleEndian: rest.loadUnaligned(as: Int64.self)) == storage.count else {
                throw ModelFileError(
                    "its storage \(key.prefix(60)) has not the \(storage.count) numbers that its pickle says")
            }
            places[key] = (start + countSize)..<(start + countSize + size)
            start += countSize + size
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(countSize + size))
        }
        return places
    }

    private static func keys(_ value: PickleValue) throws -> [String] {
        guard case .list(let box) = value else {
            throw ModelFileError("it holds \(value.kind) where its storages' keys would be right")
        }
        return try box.items.map { item in
            guard case .text(let key) = item else {
                throw ModelFileError("\(item.kind) is among its storages' keys")
            }
            return key
        }
    }
}
