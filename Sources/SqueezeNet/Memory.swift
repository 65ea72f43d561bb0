internal import CSqueezeKernels

/// What a group of pictures is computed with: the activations of one arena, the parameters that all threads read, and who computes:
/// one thread by itself, or a pool of threads that shares out every layer.
struct Memory {
    let arena: UnsafeMutablePointer<Float>
    let parameters: UnsafePointer<Float>
    let prepared: UnsafePointer<Float>
    let kernels: UnsafePointer<sqz_kernels>
    /// Scratch memory of a pool's threads, so many floats apart; a thread by itself has the first.
    let work: UnsafeMutablePointer<Float>
    var workStride = 0
    var pool: ComputePool?

    func callAsFunction(_ tensor: Plan.Tensor, _ picture: Int) -> UnsafeMutablePointer<Float> {
        arena + tensor.offset + picture * tensor.picture
    }

    /// A part of a layer: one of as many as there are threads.
    struct Share {
        var index: Int
        var count: Int
        /// Scratch memory that no other share uses meanwhile.
        var work: UnsafeMutablePointer<Float>

        /// This share of 0..<total, in whole units.
        func range(of total: Int, unit: Int = 1) -> Range<Int> {
            let units = (total + unit - 1) / unit
            return min(total, units * index / count * unit)..<min(total, units * (index + 1) / count * unit)
        }
    }

    /// Computes all shares of a layer, and returns when they are done.
    func share(_ body: (Share) -> Void) {
        guard let pool else { return body(Share(index: 0, count: 1, work: work)) }
        pool.run(pool.threads) { share, thread in
            body(Share(index: share, count: pool.threads, work: work + thread * workStride))
        }
    }
}
