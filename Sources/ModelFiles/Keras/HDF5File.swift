internal import CHDF5

/// An HDF5 file in memory. Its groups and datasets are told by their addresses in it.
final class HDF5File {
    typealias Address = UInt64

    enum Object {
        case group
        case dataset(ElementType, shape: [Int])
        case other
    }

    enum ElementType: String {
        case float16 = "F16"
        case float32 = "F32"
        case float64 = "F64"
        case integer = "integers"
        case text = "texts"
        case compound = "a compound type"
        case other = "of another type"
    }

    enum Link {
        case hard(Address)
        case soft
        /// To another file.
        case foreign
    }

    private let file: OpaquePointer
    /// What holds the bytes.
    private let owner: AnyObject

    init(_ bytes: UnsafeRawBufferPointer, of owner: AnyObject) throws {
        self.owner = owner
        file = try Self.checked { sqz_hdf5_open(bytes.baseAddress, bytes.count, $0) }
    }

    deinit { sqz_hdf5_close(file) }

    var root: Address { sqz_hdf5_root(file) }

    func object(_ address: Address) throws -> Object {
        var object = sqz_hdf5_object()
        try Self.done { sqz_hdf5_object(file, address, &object, $0) }
        guard object.kind == SQZ_HDF5_DATASET else { return object.kind == SQZ_HDF5_GROUP ? .group : .other }
        let shape = withUnsafeBytes(of: object.shape) {
            $0.bindMemory(to: UInt64.self).prefix(Int(object.dimensions)).map { Int(exactly: $0) ?? .max }
        }
        return .dataset(ElementType(object.type), shape: shape)
    }

    /// What is in a group, in no order.
    /// - Parameter most: links, of which there may be so many.
    func links(of group: Address, most: Int) throws -> [(name: String, link: Link)] {
        final class Found {
            var links: [(name: String, link: Link)] = []
            let most: Int
            init(most: Int) { self.most = most }
        }
        let found = Found(most: most)
        let context = Unmanaged.passUnretained(found).toOpaque()
        let visit: sqz_hdf5_link_visitor = { context, name, link, address in
            let found = Unmanaged<Found>.fromOpaque(context!).takeUnretainedValue()
            let link: Link =
                link == SQZ_HDF5_HARD ? .hard(address) : link == SQZ_HDF5_SOFT ? .soft : .foreign
            found.links.append((String(cString: name!), link))
            return found.links.count > found.most ? 1 : 0
        }
        try withExtendedLifetime(found) {
            try Self.done { sqz_hdf5_links(file, group, visit, context, $0) }
        }
        guard found.links.count <= most else { throw ModelFileError("it has more than \(most) groups and datasets") }
        return found.links
    }

    /// An attribute that is one text or several; nothing where there is none of the name.
    func texts(_ attribute: String, of object: Address) throws -> [String] {
        final class Found { var texts: [String] = [] }
        let found = Found()
        let context = Unmanaged.passUnretained(found).toOpaque()
        let visit: sqz_hdf5_text_visitor = { context, text, count in
            let bytes = UnsafeRawBufferPointer(start: text, count: count)
            Unmanaged<Found>.fromOpaque(context!).takeUnretainedValue().texts.append(
                String(decoding: bytes, as: UTF8.self))
        }
        try withExtendedLifetime(found) {
            try Self.done {
                sqz_hdf5_texts(file, object, attribute, ModelFileLimits.kerasObjects, visit, context, $0)
            }
        }
        return found.texts
    }

    /// A dataset's numbers, whatever their width is in the file. Called when `count` is known to be what is wanted.
    func values(of dataset: Address, count: Int) throws -> [Float] {
        try [Float](unsafeUninitializedCapacity: count) { values, initialized in
            try Self.done { sqz_hdf5_read(file, dataset, values.baseAddress, count, $0) }
            initialized = count
        }
    }

    private static func done(_ call: (UnsafeMutablePointer<CChar>) -> CInt) throws {
        _ = try checked { call($0) == 0 ? true : nil }
    }

    private static func checked<Value>(_ call: (UnsafeMutablePointer<CChar>) -> Value?) throws -> Value {
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(SQZ_HDF5_MESSAGE)) { message in
            message.initialize(repeating: 0)
            guard let value = call(message.baseAddress!) else {
                throw ModelFileError(String(cString: message.baseAddress!))
            }
            return value
        }
    }
}

extension HDF5File.ElementType {
    fileprivate init(_ type: sqz_hdf5_type) {
        switch type {
        case SQZ_HDF5_FLOAT16: self = .float16
        case SQZ_HDF5_FLOAT32: self = .float32
        case SQZ_HDF5_FLOAT64: self = .float64
        case SQZ_HDF5_INTEGER: self = .integer
        case SQZ_HDF5_TEXT: self = .text
        case SQZ_HDF5_COMPOUND: self = .compound
        default: self = .other
        }
    }

    var isFloat: Bool { self == .float16 || self == .float32 || self == .float64 }
}
