internal import CSqueezeKernels

/// A network compiled for computing: shapes as the kernels want them, and where everything lies. One arena for each thread holds
/// the activations of a chunk of pictures; the parameters are shared.
struct Plan {
    /// A tensor of a chunk: where it begins in a thread's arena, and how many floats a picture has.
    struct Tensor {
        let offset: Int
        let picture: Int
        /// Whether no value is below zero, so that a zero means that its ReLU lets no gradient through.
        let isRectified: Bool
    }

    struct StemStep {
        var shape: sqz_stem
        let slot: PackedParameters.Slot
        let input: Tensor
        let output: Tensor
    }

    struct PoolStep {
        var shape: sqz_maxpool
        let input: Tensor
        let output: Tensor
    }

    struct FireStep {
        var squeezeShape: sqz_pointwise
        var expandShape: sqz_pointwise
        var conv3x3Shape: sqz_conv3x3
        let squeeze: PackedParameters.Slot
        let expand1: PackedParameters.Slot
        let expand3: PackedParameters.Slot
        /// Offsets in the prepared weights: transposes for the data gradients, and what the 3×3 kernels read.
        let squeezeTransposed: Int
        let expand1Transposed: Int
        let expand3Forward: Int
        let expand3Backward: Int
        /// Offset of the 3×3 weight gradient in the kernels' own form, in the thread's arena.
        let expand3Gradient: Int
        let shortcut: Shortcut
        let input: Tensor
        let squeezed: Tensor
        /// What the expand layers write, half each.
        let expanded: Tensor
        /// `expanded`, or its sum with the shortcut.
        let output: Tensor
    }

    enum Shortcut {
        case none, identity
        case convolution(shape: sqz_pointwise, slot: PackedParameters.Slot, transposed: Int)
    }

    struct HeadStep {
        var shape: sqz_pointwise
        let slot: PackedParameters.Slot
        let transposed: Int
        let input: Tensor
        /// The rectified scores of every pixel.
        let scores: Tensor
        let logits: Tensor
        let classes: Int
    }

    enum Step {
        case stem(StemStep)
        case pool(PoolStep)
        case fire(FireStep)
        case head(HeadStep)
    }

    let steps: [Step]
    let parameterCount: Int
    let packed: PackedParameters
    /// Floats of the prepared weights that all threads read.
    let preparedCount: Int
    /// Floats of one thread's arena.
    let arenaCount: Int
    /// Pictures computed together; a tensor holds as many.
    let chunk: Int
    let isTraining: Bool

    /// The bordered input: its first pixel, the floats of a row, and the tensor.
    let input: Tensor
    let inputOrigin: Int
    let inputPitch: Int
    let logits: Tensor
    /// Three buffers for gradients of activations, one for those of squeeze layers, and the 3×3 kernels' scratch memory.
    let gradients: (Int, Int, Int)
    let squeezeGradient: Int
    let work: Int
    /// The 3×3 weight gradients of a thread lie together, so that one call clears them.
    let kernelGradients: Range<Int>
    /// One bit for each value that dropout sees, of one picture.
    let dropoutBits: Int

    init(_ network: Network, training: Bool) {
        var builder = PlanBuilder(network, isTraining: training)
        builder.build()
        steps = builder.steps
        parameterCount = network.parameterCount
        packed = builder.packed
        preparedCount = builder.prepared.count
        chunk = builder.chunk
        isTraining = training
        input = builder.input
        inputOrigin = builder.inputOrigin
        inputPitch = builder.inputPitch
        logits = builder.logits
        kernelGradients = builder.kernelGradients
        var arena = builder.arena
        let largest = training ? builder.largestTensor * chunk : 0
        gradients = (arena.reserve(largest), arena.reserve(largest), arena.reserve(largest))
        squeezeGradient = arena.reserve(training ? builder.largestSqueeze * chunk : 0)
        work = arena.reserve(builder.workCount)
        dropoutBits = arena.reserve(builder.featureCount / 32 + 4)
        // Kernels may read a few vectors past a tensor's end.
        _ = arena.reserve(256)
        arenaCount = arena.count
    }
}
