/// The paths that a split's pictures had below what was imported, as its file has them: a NUL after each.
public struct PictureNames {
    private let bytes: UnsafeRawBufferPointer
    /// A place, and where its name begins: places are mostly asked for in their order, and an index of all would take more
    /// memory than a job has use for.
    private var (place, start) = (0, 0)

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The name of the picture at a place of the split.
    public mutating func name(of wanted: Int) -> String {
        if wanted < place { (place, start) = (0, 0) }
        while place < wanted {
            start = end(from: start) + 1
            place += 1
        }
        return String(decoding: bytes[start..<end(from: start)], as: UTF8.self)
    }

    /// The place of the picture with this name; nil where none has it.
    public func place(of name: String) -> Int? {
        let name = Array(name.utf8)
        var (place, start) = (0, 0)
        while start < bytes.count {
            let end = end(from: start)
            if bytes[start..<end].elementsEqual(name) { return place }
            (place, start) = (place + 1, end + 1)
        }
        return nil
    }

    private func end(from start: Int) -> Int { bytes[start...].firstIndex(of: 0) ?? bytes.count }
}
