/// Where a file lies below what is imported: the names of its folders and its own, as bytes, since neither file systems nor
/// archives know more of them.
struct MemberPath: Hashable, Comparable, CustomStringConvertible {
    /// Names with a slash between two.
    let bytes: [UInt8]
    let names: [ArraySlice<UInt8>]

    /// - Precondition: no name is empty, "." or "..".
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        names = bytes.split(separator: UInt8(ascii: "/"))
    }

    /// The path of an archive's member, in which "." means nothing.
    /// - Throws: where it leads out of the archive; nothing is written under such a name, but nobody means well by it.
    init(archived bytes: some Sequence<UInt8>, in archive: String) throws(DatasetError) {
        let bytes = Array(bytes)
        func refuse(_ problem: String) -> DatasetError {
            DatasetError(.malformed, archive, "\(String(decoding: bytes, as: UTF8.self)): \(problem)")
        }
        guard bytes.first != UInt8(ascii: "/") else { throw refuse("an absolute name in an archive") }
        let names = bytes.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
        guard !names.contains(where: { $0.elementsEqual("..".utf8) }) else {
            throw refuse("a name that leads out of the archive")
        }
        self.init(Array(names.joined(separator: [UInt8(ascii: "/")])))
    }

    /// - Throws: what is too long or too deep.
    func check(_ limits: DatasetLimits) throws(DatasetError) {
        guard bytes.count <= limits.pathBytes else {
            throw DatasetError(
                .overLimit, "\(description.prefix(64))…",
                "a path of \(bytes.count) bytes; at most \(limits.pathBytes) are taken")
        }
        guard names.count - 1 <= limits.depth else {
            throw DatasetError(
                .overLimit, description, "it lies \(names.count - 1) folders deep; at most \(limits.depth) are read")
        }
    }

    static func < (a: MemberPath, b: MemberPath) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }

    /// For people: what is no UTF-8 is replaced.
    var description: String { String(decoding: bytes, as: UTF8.self) }
}
