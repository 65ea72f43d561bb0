#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// One block of zeroed, page-aligned memory. Pages that are never touched cost nothing.
final class Arena {
    let floats: UnsafeMutablePointer<Float>
    let count: Int

    /// - Throws: `EngineError.outOfMemory`.
    init(floats count: Int) throws(EngineError) {
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        guard
            let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            memory != MAP_FAILED
        else { throw .outOfMemory(bytes: bytes) }
        floats = memory.bindMemory(to: Float.self, capacity: count)
        self.count = count
    }

    /// Gives back the whole pages of a part that is not needed any more.
    func discard(_ part: Range<Int>) {
        let page = Int(getpagesize()) / MemoryLayout<Float>.stride
        let start = (part.lowerBound + page - 1) / page * page
        let end = part.upperBound / page * page
        if start < end { madvise(floats + start, (end - start) * MemoryLayout<Float>.stride, MADV_DONTNEED) }
    }

    deinit {
        munmap(floats, max(count, 1) * MemoryLayout<Float>.stride)
    }
}

/// Hands out offsets in an arena, each on a cache line of its own.
struct ArenaLayout {
    private(set) var count = 0

    mutating func reserve(_ floats: Int) -> Int {
        let offset = count
        count += (floats + 15) / 16 * 16
        return offset
    }
}
