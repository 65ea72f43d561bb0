/// Bytes that others wrote: what lies outside is nil.
extension UnsafeRawBufferPointer {
    func byte(at place: Int) -> Int? {
        indices.contains(place) ? Int(self[place]) : nil
    }

    /// A number of 1 to 4 bytes.
    func number(bytes count: Int, at place: Int, isLittleEndian: Bool = false) -> Int? {
        guard let part = part(count, at: place) else { return nil }
        return isLittleEndian
            ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : part.reduce(0) { $0 << 8 | Int($1) }
    }

    func part(_ count: Int, at place: Int) -> UnsafeRawBufferPointer? {
        guard place >= 0, count >= 0, place <= self.count, count <= self.count - place else { return nil }
        return UnsafeRawBufferPointer(rebasing: self[place..<place + count])
    }

    func has(_ magic: some Collection<UInt8>, at place: Int) -> Bool {
        part(magic.count, at: place)?.elementsEqual(magic) ?? false
    }
}
