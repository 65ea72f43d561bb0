internal import CSqueezeKernels

/// What a thread computes with: the activations of an arena, the parameters that all threads read, and scratch memory of its own.
struct Memory {
    let arena: UnsafeMutablePointer<Float>
    let parameters: UnsafePointer<Float>
    let prepared: UnsafePointer<Float>
    let kernels: UnsafePointer<sqz_kernels>
    let work: UnsafeMutablePointer<Float>

    func callAsFunction(_ tensor: Plan.Tensor, _ picture: Int) -> UnsafeMutablePointer<Float> {
        arena + tensor.offset + picture % tensor.pictures * tensor.picture
    }
}
