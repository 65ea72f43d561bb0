internal import CSqueezeKernels

/// What a thread computes with.
struct Memory {
    /// The arena of the activations, which threads that compute one picture together have in common.
    let arena: UnsafeMutablePointer<Float>
    /// The thread's own arena: for its input, and scratch memory.
    let own: UnsafeMutablePointer<Float>
    let parameters: UnsafePointer<Float>
    let prepared: UnsafePointer<Float>
    let kernels: UnsafePointer<sqz_kernels>

    func callAsFunction(_ tensor: Plan.Tensor, _ picture: Int) -> UnsafeMutablePointer<Float> {
        arena + tensor.offset(of: picture)
    }

    func input(_ tensor: Plan.Tensor, _ picture: Int) -> UnsafeMutablePointer<Float> {
        own + tensor.offset(of: picture)
    }
}
