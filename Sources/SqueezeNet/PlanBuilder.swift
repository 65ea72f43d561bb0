internal import CSqueezeKernels

/// Turns the blocks of a network into the steps of a plan.
struct PlanBuilder {
    let network: Network
    let isTraining: Bool
    let chunk: Int

    private(set) var steps: [Plan.Step] = []
    private(set) var packed = PackedParameters()
    private(set) var prepared = ArenaLayout()
    private(set) var arena = ArenaLayout()
    private(set) var input = Plan.Tensor(offset: 0, picture: 0, isRectified: false)
    private(set) var inputOrigin = 0
    private(set) var inputPitch = 0
    private(set) var logits = Plan.Tensor(offset: 0, picture: 0, isRectified: false)
    private(set) var largestTensor = 0
    private(set) var largestSqueeze = 0
    private(set) var workCount = 0
    private(set) var featureCount = 0
    private(set) var kernelGradients = 0..<0
    private var current = Plan.Tensor(offset: 0, picture: 0, isRectified: false)

    /// Scratch memory for one block of Winograd tiles: what fits beside the weights in a second level cache of 512 KiB.
    private static let blockBytes = 464 << 10
    /// A chunk's pixels: enough to make the products of the small maps worth their weights, few enough to stay in cache.
    private static let chunkPixels = (training: 4 * 32 * 32, inference: 8 * 32 * 32)

    init(_ network: Network, isTraining: Bool) {
        self.network = network
        self.isTraining = isTraining
        let pixels = isTraining ? Self.chunkPixels.training : Self.chunkPixels.inference
        chunk = min(8, max(1, pixels / (network.inputSize * network.inputSize)))
    }

    mutating func build() {
        reserveKernelGradients()
        for block in network.blocks {
            switch block {
            case .stem(let stem): addStem(stem)
            case .pool(let pool): addPool(pool)
            case .fire(let fire): addFire(fire)
            case .head(let head): addHead(head)
            }
        }
    }

    private mutating func reserveKernelGradients() {
        guard isTraining else { return }
        let start = arena.count
        for case .fire(let fire) in network.blocks {
            _ = arena.reserve(36 * fire.expand3.inputs * fire.expand3.filters)
        }
        kernelGradients = start..<arena.count
    }

    private mutating func tensor(_ picture: Int, isRectified: Bool) -> Plan.Tensor {
        largestTensor = max(largestTensor, picture)
        return Plan.Tensor(offset: arena.reserve(picture * chunk), picture: picture, isRectified: isRectified)
    }

    private mutating func addStem(_ stem: ShapedBlock.Stem) {
        let kernel = stem.convolution.kernel
        let bordered = network.inputSize + 2 * stem.padding
        inputPitch = (3 * bordered + 3) / 4 * 4
        inputOrigin = stem.padding * (inputPitch + 3)
        // A few floats more: kernels load whole vectors at the end of the last row.
        input = tensor((bordered * inputPitch + 31) / 16 * 16, isRectified: false)
        let slot = packed.add(stem.convolution, of: network)
        current = tensor(stem.convolution.filters * stem.size * stem.size, isRectified: true)
        steps.append(
            .stem(
                .init(
                    shape: sqz_stem(
                        kernel: Int32(kernel), stride: Int32(stem.stride), pitch: Int32(inputPitch),
                        height: Int32(stem.size), width: Int32(stem.size), out_panels: Int32(slot.panels)),
                    slot: slot, input: input, output: current)))
    }

    private mutating func addPool(_ pool: ShapedBlock.Pool) {
        let output = tensor(pool.channels * pool.size * pool.size, isRectified: current.isRectified)
        steps.append(
            .pool(
                .init(
                    shape: sqz_maxpool(
                        kernel: Int32(pool.kernel), stride: 2, in_height: Int32(pool.inputSize),
                        in_width: Int32(pool.inputSize), out_height: Int32(pool.size), out_width: Int32(pool.size),
                        panels: Int32(pool.channels / 16)),
                    input: current, output: output)))
        current = output
    }

    private func pointwise(
        _ convolution: ShapedBlock.Convolution, size: Int, relu: Bool = true
    ) -> sqz_pointwise {
        sqz_pointwise(
            rows: Int32(size * size), in_panels: Int32(convolution.inputs / 16),
            out_panels: Int32((convolution.filters + 15) / 16), in_stride: size * size * 16,
            out_stride: size * size * 16,
            relu: relu ? 1 : 0)
    }

    /// Room for a transposed copy of a 1×1 weight; only training reads it.
    private mutating func transposed(_ slot: PackedParameters.Slot) -> Int {
        prepared.reserve(isTraining ? slot.panels * slot.rows * 16 : 0)
    }

    private mutating func addFire(_ fire: ShapedBlock.Fire) {
        let pixels = fire.size * fire.size
        let squeezed = Plan.Tensor(
            offset: arena.reserve(fire.squeeze.filters * pixels * chunk), picture: fire.squeeze.filters * pixels,
            isRectified: true)
        largestSqueeze = max(largestSqueeze, squeezed.picture)
        let expanded = tensor((fire.expand1.filters + fire.expand3.filters) * pixels, isRectified: true)
        let squeeze = packed.add(fire.squeeze, of: network)
        let expand1 = packed.add(fire.expand1, of: network)
        let expand3 = packed.add(fire.expand3, of: network)
        let kernelWeights = 36 * fire.expand3.inputs * fire.expand3.filters

        let shortcut: Plan.Shortcut
        let output: Plan.Tensor
        switch fire.shortcut {
        case .none:
            shortcut = .none
            output = expanded
        case .identity:
            shortcut = .identity
            output = tensor(expanded.picture, isRectified: current.isRectified)
        case .convolution(let convolution):
            let slot = packed.add(convolution, of: network)
            shortcut = .convolution(
                shape: pointwise(convolution, size: fire.size, relu: false), slot: slot, transposed: transposed(slot))
            output = tensor(expanded.picture, isRectified: false)
        }
        let shape = conv3x3(fire, input: squeezed, output: expanded)
        steps.append(
            .fire(
                .init(
                    squeezeShape: pointwise(fire.squeeze, size: fire.size),
                    expandShape: pointwise(fire.expand1, size: fire.size), conv3x3Shape: shape, squeeze: squeeze,
                    expand1: expand1, expand3: expand3, squeezeTransposed: transposed(squeeze),
                    expand1Transposed: transposed(expand1), expand3Forward: prepared.reserve(kernelWeights),
                    expand3Backward: prepared.reserve(isTraining ? kernelWeights : 0),
                    expand3Gradient: nextKernelGradient, shortcut: shortcut, input: current, squeezed: squeezed,
                    expanded: expanded, output: output)))
        nextKernelGradient += isTraining ? kernelWeights : 0
        current = output
    }

    private var nextKernelGradient = 0

    private mutating func conv3x3(
        _ fire: ShapedBlock.Fire, input: Plan.Tensor, output: Plan.Tensor
    ) -> sqz_conv3x3 {
        let across = (fire.size + 3) / 4
        let panels = fire.expand3.inputs / 16 + (isTraining ? fire.expand3.filters / 16 : 1)
        let tileBytes = 36 * 16 * 4 * panels
        let affordable = max(16, (Self.blockBytes / tileBytes - 1) / 16 * 16)
        let needed = (across * across * chunk + 15) / 16 * 16
        var shape = sqz_conv3x3(
            height: Int32(fire.size), width: Int32(fire.size), in_panels: Int32(fire.expand3.inputs / 16),
            out_panels: Int32(fire.expand3.filters / 16), block: Int32(min(32, affordable, needed)),
            in_image: input.picture, out_image: output.picture)
        workCount = max(workCount, sqz_conv3x3_workspace(&shape, isTraining ? 1 : 0))
        return shape
    }

    private mutating func addHead(_ head: ShapedBlock.Head) {
        let slot = packed.add(head.convolution, of: network)
        featureCount = current.picture
        let scores = tensor(slot.panels * 16 * head.size * head.size, isRectified: true)
        logits = Plan.Tensor(
            offset: arena.reserve(2 * slot.panels * 16 * chunk), picture: slot.panels * 16, isRectified: true)
        steps.append(
            .head(
                .init(
                    shape: pointwise(head.convolution, size: head.size), slot: slot, transposed: transposed(slot),
                    input: current, scores: scores, logits: logits, classes: network.classes)))
    }
}
