internal import CSqueezeKernels

/// Who computes a group of pictures: one thread by itself, or all threads of the pool together, each a share of every layer.
struct Team {
    var thread = 0
    var threads = 1
    var pool: OpaquePointer?

    /// One thread by itself.
    static var alone: Team { Team() }

    /// This thread's share of 0..<count, in whole units.
    func share(of count: Int, unit: Int = 1) -> Range<Int> {
        let units = (count + unit - 1) / unit
        return min(count, units * thread / threads * unit)..<min(count, units * (thread + 1) / threads * unit)
    }

    /// Waits until all have computed what the next layer reads.
    func barrier() {
        if let pool { sqz_pool_barrier(pool) }
    }
}
