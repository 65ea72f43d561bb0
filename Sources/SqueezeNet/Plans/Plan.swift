internal import CSqueezeKernels

/// A network compiled for computing: shapes as the kernels want them, and where everything lies. One arena for each thread holds
/// the activations of a chunk of pictures; the parameters are shared.
struct Plan {
    /// A tensor: where it begins in a thread's arena, how many floats a picture has, and how many pictures it holds: those of a
    /// chunk, or only those of a group, which the next group's replace.
    struct Tensor {
        let offset: Int
        let picture: Int
        let pictures: Int
        /// Whether no value is below zero, so that a zero means that its ReLU lets no gradient through.
        let isRectified: Bool

        func offset(of place: Int) -> Int { offset + place % pictures * picture }
    }

    /// A 1×1 convolution's place in the parameters, and of its transpose in the prepared weights.
    struct Pointwise {
        let shape: sqz_pointwise
        let slot: PackedParameters.Slot
        let transposed: Int
    }

    struct StemStep {
        let shape: sqz_stem
        let slot: PackedParameters.Slot
        /// Offset in the prepared weights; only the 7×7 stem of stride 2 has them.
        let prepared: Int?
        let input: Tensor
        /// What the stem, or the pool, writes.
        let output: Tensor
        /// One panel of the pool after it, if that is computed with it, from a strip of a few rows in the scratch memory.
        let pool: sqz_maxpool?
        /// Where the strip begins there.
        let strip: Int

        /// Rows that are computed at a time: the triples of the 7×7 kernel and the windows of the pool both begin with them.
        static let stripRows = 6
        /// Rows before them, a triple, of which windows need two.
        static let keptRows = 3
    }

    /// A 3×3 stem of stride 1 and the 2×2 pool after it, computed in one.
    struct StemPoolStep {
        let shape: sqz_stem_pool
        let slot: PackedParameters.Slot
        /// Offset in the prepared weights.
        let prepared: Int
        let input: Tensor
        let output: Tensor
        /// The place of each window's maximum, one byte a value; it counts in floats, like every tensor.
        let places: Tensor
    }

    struct PoolStep {
        let shape: sqz_maxpool
        let input: Tensor
        let output: Tensor
    }

    struct FireStep {
        let squeeze: Pointwise
        let expand1: Pointwise
        let expand3: PackedParameters.Slot
        let expand3Shape: sqz_conv3x3
        /// Offsets in the prepared weights: what the 3×3 kernels read.
        let expand3Forward: Int
        let expand3Backward: Int
        /// Offset of the 3×3 weight gradient in the kernels' own form, in the thread's arena.
        let expand3Gradient: Int
        let shortcut: Shortcut
        let input: Tensor
        let squeezed: Tensor
        /// What the expand layers write, half each. With a pool, the 1×1 layer alone: what the 3×3 layer's kernel writes is pooled.
        let expanded: Tensor
        /// `expanded`, its sum with the shortcut, or what the pool leaves of it.
        let output: Tensor
        /// The 2×2 pool after it, if that is computed with it: its shape for the 1×1 layer's half.
        let pool: sqz_maxpool?
    }

    enum Shortcut {
        case none, identity
        case convolution(Pointwise)
    }

    struct HeadStep {
        let classifier: Pointwise
        /// Pixels in a row of its map.
        let width: Int
        let input: Tensor
        /// The scores of every pixel.
        let scores: Tensor
        let logits: Tensor
        /// Of the pixels that are averaged, how many are scores and how many are padding, where a score is its bias.
        let inside: Float
        let border: Float
    }

    enum Step {
        case stem(StemStep)
        case stemPool(StemPoolStep)
        case pool(PoolStep)
        case fire(FireStep)
        case head(HeadStep)
    }

    /// Steps that are computed for `group` pictures before the next group: large maps in small groups, so that they stay in cache.
    struct Stage {
        var steps: [Step]
        var phases: [Phase]
        var group: Int
        /// Offset in the arena of the gradient of the first step's input, of a whole chunk.
        var inputGradient = 0
        /// Floats of a picture at the stage's end.
        var output: Int
    }

    let stages: [Stage]
    let packed: PackedParameters
    /// Floats of the prepared weights that all threads read.
    let preparedCount: Int
    /// Floats of one thread's arena.
    let arenaCount: Int
    /// Pictures computed together; a tensor holds at most as many.
    let chunk: Int
    let isTraining: Bool

    /// The bordered input: the tensor, its first pixel, and the floats of a row. Of a plan that begins behind the stem the map that
    /// the blocks before have computed.
    let input: Tensor
    let inputOrigin: Int
    let inputPitch: Int
    /// What the last block computes: the logits, if it is the head.
    let output: Tensor
    let logits: Tensor
    /// Three buffers for gradients of a group's activations.
    let gradients: (Int, Int, Int)
    /// Gradients of squeezed activations, and the kernels' scratch memory.
    let squeezeGradient: Int
    let work: Int
    /// One bit for each value that dropout sees, of one picture.
    let dropoutBits: Int

    /// - Parameters:
    ///   - blocks: those of the network that are computed; nil is all.
    ///   - rectifiesScores: whether the head has its ReLU, as inference always has.
    init(_ network: Network, blocks: Range<Int>? = nil, training: Bool, rectifiesScores: Bool = true) {
        let blocks = blocks ?? network.blocks.indices
        var sizes = PlanBuilder(
            network, blocks: blocks, isTraining: training, rectifiesScores: rectifiesScores)
        sizes.build()
        var builder = PlanBuilder(
            network, blocks: blocks, isTraining: training, rectifiesScores: rectifiesScores, regions: sizes.regions)
        builder.build()
        stages = builder.stages
        packed = builder.packed
        preparedCount = builder.prepared.count
        chunk = builder.chunk
        isTraining = training
        input = builder.input
        inputOrigin = builder.inputOrigin
        inputPitch = builder.inputPitch
        output = builder.current
        logits = builder.logits
        gradients = builder.gradients
        squeezeGradient = builder.squeezeGradient
        work = builder.work
        dropoutBits = builder.dropoutBits
        arenaCount = builder.arena.count
    }
}
