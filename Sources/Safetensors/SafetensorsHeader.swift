import Varlink

/// The header of a safetensors file: its length in 8 bytes (little-endian), then JSON that maps each tensor's name to its
/// type, shape and place, and `__metadata__` to a map of strings.
///
/// Source: https://github.com/huggingface/safetensors, README, "Format". As in the reference implementation the tensors
/// must fill the rest of the file without holes or overlaps, and unknown fields of a tensor are passed over.
public struct SafetensorsHeader: Sendable {
    /// The longest header that is read or written, in bytes. It has room for some 30,000 tensors, and bounds what a
    /// hostile file can make the JSON parser allocate. (The reference implementation's limit is 100,000,000.)
    public static let maximumLength = 4 << 20

    /// Alignment of the first tensor in the files that we write: a cache line, and a vector register of every
    /// instruction set. The reference implementation's is 8.
    public static let alignment = 64

    /// Bytes of the header's length at the start of the file.
    private static let lengthSize = 8

    public let tensors: [String: TensorInfo]
    public let metadata: [String: String]

    /// Parses and checks the header of a file whose bytes are all given; `path` is for the error.
    public init(parsing file: UnsafeRawBufferPointer, path: String) throws(SafetensorsError) {
        func malformed(_ problem: String) -> SafetensorsError { .malformed(path: path, problem: problem) }

        guard file.count >= Self.lengthSize else {
            throw malformed("it has \(file.count) bytes; the header's length alone takes \(Self.lengthSize)")
        }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard length <= Self.maximumLength else {
            throw malformed("a header of \(length) bytes; at most \(Self.maximumLength) are read")
        }
        let dataStart = Self.lengthSize + Int(length)
        guard dataStart <= file.count else {
            throw malformed("the header should end at byte \(dataStart), but the file ends at \(file.count)")
        }
        let text = UnsafeRawBufferPointer(rebasing: file[Self.lengthSize..<dataStart])
        guard text.first == UInt8(ascii: "{") else { throw malformed("the header does not begin with {") }

        let json: HeaderJSON
        do {
            json = try JSON.decode(HeaderJSON.self, from: text, unknownKeys: .ignore)
        } catch {
            throw malformed(error.sentence(about: "the header"))
        }
        metadata = json.metadata
        tensors = try Self.place(json.tensors, in: dataStart..<file.count, malformed)
    }

    /// Checks every tensor by itself and that together they tile `data`, the file's bytes after the header.
    private static func place(
        _ entries: [(name: String, tensor: HeaderJSON.Tensor)], in data: Range<Int>,
        _ malformed: (String) -> SafetensorsError
    ) throws(SafetensorsError) -> [String: TensorInfo] {
        var infos: [(name: String, info: TensorInfo)] = []
        for (name, entry) in entries {
            guard let type = ElementType(rawValue: entry.dtype) else {
                let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
                throw malformed("tensor \(name) is of type \(entry.dtype); known are \(known)")
            }
            guard let size = byteCount(type, entry.shape) else {
                throw malformed("tensor \(name) has the shape \(entry.shape), which no memory can hold")
            }
            guard entry.offsets.count == 2, 0 <= entry.offsets[0], entry.offsets[0] <= entry.offsets[1],
                entry.offsets[1] <= data.count
            else {
                throw malformed(
                    "tensor \(name) lies at \(entry.offsets); right would be two offsets between 0 and \(data.count)")
            }
            let range = data.lowerBound + entry.offsets[0]..<data.lowerBound + entry.offsets[1]
            guard range.count == size else {
                throw malformed(
                    "tensor \(name) lies in \(range.count) bytes; \(type.rawValue) \(entry.shape) takes \(size)")
            }
            infos.append((name, TensorInfo(type: type, shape: entry.shape, byteRange: range)))
        }

        infos.sort {
            ($0.info.byteRange.lowerBound, $0.info.byteRange.upperBound)
                < ($1.info.byteRange.lowerBound, $1.info.byteRange.upperBound)
        }
        var end = data.lowerBound
        for (name, info) in infos {
            guard info.byteRange.lowerBound == end else {
                let fault = info.byteRange.lowerBound > end ? "leaves a hole before it" : "overlaps the one before it"
                throw malformed("tensor \(name) \(fault): it begins at byte \(info.byteRange.lowerBound), not \(end)")
            }
            end = info.byteRange.upperBound
        }
        guard end == data.upperBound else {
            throw malformed("the tensors end at byte \(end), but the file at \(data.upperBound)")
        }
        return Dictionary(uniqueKeysWithValues: infos.map { ($0.name, $0.info) })
    }

    /// How many bytes a file with such tensors has.
    public static func fileSize(
        _ tensors: [TensorDeclaration], metadata: [String: String]
    ) throws(SafetensorsError) -> Int {
        let (header, bytes) = try layOut(tensors, metadata: metadata, path: "")
        return header.tensors.values.map(\.byteRange.upperBound).max() ?? bytes.count
    }

    /// The header of a file to be written, with `tensors` one after the other in the order given, and its bytes: length,
    /// JSON, and spaces up to `alignment`.
    ///
    /// - Precondition: names are unique and not `__metadata__`; every size has an `Int`.
    static func layOut(
        _ tensors: [TensorDeclaration], metadata: [String: String], path: String
    ) throws(SafetensorsError) -> (header: SafetensorsHeader, bytes: [UInt8]) {
        var json = HeaderJSON()
        json.metadata = metadata
        var end = 0
        for tensor in tensors {
            precondition(tensor.name != HeaderJSON.metadataKey, "\(tensor.name) is no tensor's name")
            guard let size = byteCount(tensor.type, tensor.shape) else {
                preconditionFailure("\(tensor.name): \(tensor.shape) has no size")
            }
            json.tensors.append(
                (tensor.name, .init(dtype: tensor.type.rawValue, shape: tensor.shape, offsets: [end, end + size])))
            end += size
        }

        var text: [UInt8]
        do {
            text = try JSON.encode(json)
        } catch {
            throw .malformed(path: path, problem: "the header to be written: \(error)")
        }
        let dataStart = (lengthSize + text.count + alignment - 1) / alignment * alignment
        text += repeatElement(UInt8(ascii: " "), count: dataStart - lengthSize - text.count)
        guard text.count <= maximumLength else {
            throw .malformed(
                path: path, problem: "the header to be written has \(text.count) bytes; at most \(maximumLength) are")
        }

        var infos: [String: TensorInfo] = [:]
        for (tensor, entry) in zip(tensors, json.tensors) {
            let range = dataStart + entry.tensor.offsets[0]..<dataStart + entry.tensor.offsets[1]
            let info = TensorInfo(type: tensor.type, shape: tensor.shape, byteRange: range)
            precondition(infos.updateValue(info, forKey: tensor.name) == nil, "\(tensor.name) is declared twice")
        }
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
        return (SafetensorsHeader(tensors: infos, metadata: metadata), length + text)
    }

    private init(tensors: [String: TensorInfo], metadata: [String: String]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// Bytes of a tensor, or nil where a dimension is negative or the product has no `Int`.
    private static func byteCount(_ type: ElementType, _ shape: [Int]) -> Int? {
        var count = type.size
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow, dimension >= 0 else { return nil }
            count = product
        }
        return count
    }
}
