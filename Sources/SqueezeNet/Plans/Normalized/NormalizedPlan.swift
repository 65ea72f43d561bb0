internal import CSqueezeKernels

/// A plan for training with batch normalization (Ioffe and Szegedy, arXiv 1502.03167) behind every convolution of the stem and the
/// fire modules, those of bypasses too, computed layer by layer for a group of pictures, whose statistics are taken together.
///
/// What is learnt is each convolution's weight, and in its bias's place the shift behind the normalization. There is no factor: the ReLU
/// passes one on to the next convolution, which has it in its weights. So the parameters are those of the network, and `fold` makes of
/// them, with the statistics, the parameters of the same network without normalization. A pool between the stem and its ReLU changes
/// nothing, because the scale of a normalization is above zero.
///
/// Of each convolution the map before the normalization is kept; the map behind it is made again wherever it is read.
struct NormalizedPlan {
    /// What is normalized together: the output of a convolution, or of the two that expand.
    struct Layer {
        /// Before the normalization.
        let map: Plan.Tensor
        let pixels: Int
        /// What no value behind it is below: 0 of a ReLU, which only a bypass does not have.
        let least: Float
        /// The convolutions, whose channels lie one after the other. Not an array, whose references threads would count.
        let slot: PackedParameters.Slot
        let second: PackedParameters.Slot?
        /// Where its numbers begin in the arena: a scale and a shift for each channel, its mean, and what `batch_backward` takes.
        let scale: Int
        let shift: Int
        let mean: Int
        let backward: Int
        /// Where its sums begin there, in doubles, two for each channel: those of the map, and those of its gradient.
        let sums: Int
        let gradientSums: Int

        var panels: Int { slot.panels + (second?.panels ?? 0) }
        var channels: Int { panels * 16 }

        /// Where the shift of a channel is in the parameters.
        func bias(_ channel: Int) -> Int {
            let own = slot.panels * 16
            return if let second, channel >= own { second.bias + channel - own } else { slot.bias + channel }
        }

        /// Where a channel's sum is among the layer's; its second is 16 behind it.
        static func sum(_ channel: Int) -> Int { channel / 16 * 32 + channel % 16 }
    }

    /// What a step reads or writes: a map that a layer normalizes, or one that is as it is.
    struct Activation {
        let map: Plan.Tensor
        let pixels: Int
        let layer: Layer?
        /// Of its gradient, behind the normalization.
        let gradient: Int

        var panels: Int32 { Int32(map.picture / (pixels * 16)) }
    }

    struct StemPool {
        let step: Plan.StemPoolStep
        let shape: sqz_stem_pool
        let places: Plan.Tensor
        let output: Activation
    }

    struct Stem {
        let step: Plan.StemStep
        let shape: sqz_stem
        let output: Activation
    }

    struct Pool {
        let shape: sqz_maxpool
        let input: Activation
        let output: Activation
    }

    struct Fire {
        let step: Plan.FireStep
        let squeeze: sqz_pointwise
        let expand1: sqz_pointwise
        let expand3: sqz_conv3x3
        /// Pictures that are expanded together.
        let together: Int
        let input: Activation
        let squeezed: Activation
        let expanded: Activation
        /// What the bypass' convolution makes, with the output's gradient.
        let bypassed: Activation?
        /// `expanded`, or its sum with the shortcut.
        let output: Activation
    }

    struct Head {
        let step: Plan.HeadStep
        let input: Activation
    }

    enum Step {
        case stemPool(StemPool)
        case stem(Stem)
        case pool(Pool)
        case fire(Fire)
        case head(Head)
    }

    let plan: Plan
    /// Pictures of a group, at most.
    let group: Int
    let steps: [Step]
    /// In the order in which they are computed.
    let layers: [Layer]
    let input: Plan.Tensor
    let head: Head
    /// Where memory for a few pictures begins, from which or into which a step computes: two maps behind a normalization, and a gradient.
    let scratch: (Int, Int, Int)
    /// As many zeros as a convolution may have biases, and room for gradients of biases that there are not.
    let noBias: Int
    let noGradient: Int
    /// Floats of a thread's arena, the plan's own with them.
    let arenaCount: Int
    /// The smallest variance that is believed, as PyTorch has it.
    static let epsilon = 1e-5

    /// - Parameter plan: of all blocks, for training.
    init(_ plan: Plan, group: Int) {
        var builder = NormalizedPlanBuilder(plan, group: group)
        builder.build()
        self.plan = plan
        self.group = group
        steps = builder.steps
        layers = builder.layers
        input = builder.input
        guard case .head(let head) = steps.last else { preconditionFailure("a training ends with the logits") }
        self.head = head
        scratch = builder.scratch
        noBias = builder.noBias
        noGradient = builder.noGradient
        arenaCount = builder.arenaCount
    }

    /// Into how many groups, as even as can be, so many pictures are cut.
    func groups(of pictures: Int) -> Int { (pictures + group - 1) / group }

    /// Doubles of a group's statistics: of each layer its pixels' sums and squares.
    var statisticsCount: Int { layers.reduce(0) { $0 + 2 * $1.channels } }
}
