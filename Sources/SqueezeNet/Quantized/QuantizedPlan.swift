internal import CSqueezeKernels

/// A network of eight bits compiled for computing: where in an arena of bytes everything lies, and in what order it is computed.
struct QuantizedPlan {
    /// A convolution's weights as its kernel reads them, biases and multipliers: offsets in the parameters' bytes.
    struct Slot {
        let weights: Int
        let biases: Int
        let multipliers: Int
        let inputs: Int
        let panels: Int
        /// Height and width of the outputs, by which a kernel may choose a form of the weights.
        let size: Int
    }

    struct Stem {
        let slot: Slot
        let shape: sqz_int8_stem
    }

    struct Pool {
        let shape: sqz_int8_maxpool
    }

    struct Fire {
        let squeeze: Slot
        let expand1: Slot
        let expand3: Slot
        /// What makes of the module's input what is added.
        let bypass: Slot?
        let size: Int
        /// The steps' quotients, in 1/2¹⁶, that bring what is added and what is expanded to the step of their sum.
        let shortcut: (added: UInt32, expanded: UInt32)?
        var pitch: Int { 16 * (expand1.panels + expand3.panels) }
    }

    struct Head {
        let slot: Slot
        let pixels: Int
        /// What the pixels of padding add to a class's sum, where a score is its bias.
        let borders: [Int64]
        /// What a sum over the pixels stands for, one a class.
        let scales: [Double]
    }

    enum Step {
        case stem(Stem)
        case pool(Pool)
        /// The 1×1 layers of a fire module, then its 3×3 layer and, where there is a bypass, the sum: between them threads meet.
        case squeeze(Fire)
        case expand(Fire)
        case add(Fire)
        case head(Head)
    }

    private(set) var steps: [Step] = []
    private(set) var parameterBytes = 0
    /// Of a thread: the picture, two activations that take turns, what is squeezed, what a bypass makes, sums, and scratch memory.
    private(set) var arenaBytes = 0
    private(set) var input = 0
    private(set) var activations = (0, 0)
    private(set) var squeezed = 0
    private(set) var bypassed = 0
    private(set) var sums = 0
    private(set) var work = 0
    /// 16-bit numbers of a row of the bordered input, and its first pixel.
    private(set) var inputPitch = 0
    private(set) var inputOrigin = 0
    /// Pictures computed together: of small ones several, so that there is enough to do for weights once loaded.
    let group: Int
    /// The largest activation.
    let most: Int32

    private static let groupPixels = 8 * 32 * 32
    private static let largestGroup = 8
    /// Tiles of a 3×3 layer that are worked on together, so that they and their products stay in the second level cache.
    static let block: Int32 = 16

    init(_ network: Network, _ weights: QuantizedWeights) {
        let layout = QuantizedLayout(network)
        most = Int32(weights.activationBits.largest)
        group = max(1, min(Self.largestGroup, Self.groupPixels / (network.inputSize * network.inputSize)))
        var (layers, sums) = (layout.layers[...], layout.sums[...])
        var (largest, largestSqueezed, largestBypassed, largestWork, largestSums) = (0, 0, 0, 0, 0)
        for block in network.blocks {
            switch block {
            case .stem(let stem):
                let bordered = network.inputSize + 2 * stem.padding
                inputPitch = Int(sqz_input_pitch(Int32(bordered)))
                inputOrigin = stem.padding * (inputPitch + 3)
                let slot = slot(layers.removeFirst(), size: stem.size)
                steps.append(
                    .stem(
                        Stem(
                            slot: slot,
                            shape: sqz_int8_stem(
                                kernel: Int32(stem.convolution.kernel), stride: Int32(stem.stride),
                                pitch: Int32(inputPitch), height: Int32(stem.size), width: Int32(stem.size),
                                out_panels: Int32(slot.panels), most: most))))
                largest = max(largest, stem.convolution.filters * stem.size * stem.size)
            case .pool(let pool):
                steps.append(
                    .pool(
                        Pool(
                            shape: sqz_int8_maxpool(
                                kernel: Int32(pool.kernel), in_size: Int32(pool.inputSize), out_size: Int32(pool.size),
                                channels: Int32(pool.channels)))))
            case .fire(let fire):
                let (squeeze, expand1, expand3) = (layers.removeFirst(), layers.removeFirst(), layers.removeFirst())
                let bypass: QuantizedLayout.Layer? =
                    if case .convolution = fire.shortcut { layers.removeFirst() } else { nil }
                let shortcut = fire.shortcut == .none ? nil : Self.shortcut(sums.removeFirst(), weights.steps)
                let step = Fire(
                    squeeze: slot(squeeze, size: fire.size), expand1: slot(expand1, size: fire.size),
                    expand3: slot(expand3, size: fire.size), bypass: bypass.map { slot($0, size: fire.size) },
                    size: fire.size, shortcut: shortcut)
                steps += [.squeeze(step), .expand(step)] + (shortcut == nil ? [] : [.add(step)])
                let pixels = fire.size * fire.size
                if bypass != nil { largestBypassed = max(largestBypassed, step.pitch * pixels) }
                largest = max(largest, (fire.expand1.filters + fire.expand3.filters) * pixels)
                largestSqueezed = max(largestSqueezed, fire.squeeze.filters * pixels)
                var shape = shape(step)
                largestWork = max(largestWork, sqz_int8_conv3x3_workspace(&shape))
            case .head(let head):
                let layer = layers.removeFirst()
                let (pixels, side) = (head.size * head.size, head.size + 2 * head.padding)
                let step = Double(weights.steps[layer.input].size)
                let slot = slot(layer, size: head.size)
                largestSums = slot.panels * 16 * 8
                steps.append(
                    .head(
                        Head(
                            slot: slot, pixels: pixels,
                            borders: weights.biases[layer.filter...].map {
                                Int64(side * side - pixels) * Int64(max(0, $0))
                            },
                            scales: weights.scales[layer.filter...].map { Double($0) * step / Double(side * side) })))
            }
        }
        var arena = 0
        func reserve(_ bytes: Int) -> Int {
            defer { arena += (bytes + 63) / 64 * 64 }
            return arena
        }
        // Kernels may read a vector past the end of a row.
        input = reserve(2 * (network.inputSize + 2 * padding(of: network)) * inputPitch + 128)
        activations = (reserve(largest * group), reserve(largest * group))
        squeezed = reserve(largestSqueezed * group)
        bypassed = reserve(largestBypassed * group)
        self.sums = reserve(largestSums * group)
        work = reserve(largestWork + 64)
        arenaBytes = arena
    }

    private func padding(of network: Network) -> Int {
        guard case .stem(let stem)? = network.blocks.first else { preconditionFailure("a network begins with a stem") }
        return stem.padding
    }

    private static func shortcut(
        _ sum: QuantizedLayout.Sum, _ steps: [ActivationStep]
    ) -> (added: UInt32, expanded: UInt32) {
        func quotient(_ activation: Int) -> UInt32 {
            let quotient = Double(steps[activation].size) / Double(steps[sum.output].size)
            return UInt32((quotient * 65_536).rounded(.toNearestOrEven))
        }
        return (quotient(sum.shortcut), quotient(sum.expanded))
    }

    private mutating func slot(_ layer: QuantizedLayout.Layer, size: Int) -> Slot {
        let (inputs, kernel) = (layer.convolution.inputs, layer.convolution.kernel)
        let panels = (layer.convolution.filters + 15) / 16
        func reserve(_ bytes: Int) -> Int {
            defer { parameterBytes += (bytes + 63) / 64 * 64 }
            return parameterBytes
        }
        let weights =
            switch (inputs, kernel) {
            case (3, _): 2 * 16 * panels * kernel * Int(sqz_int8_stem_run(Int32(kernel)))
            case (_, 3): 2 * sqz_int8_conv3x3_filters(Int32(inputs), Int32(panels * 16))
            default: 16 * panels * inputs
            }
        return Slot(
            weights: reserve(weights), biases: reserve(4 * 16 * panels), multipliers: reserve(4 * 16 * panels),
            inputs: inputs, panels: panels, size: size)
    }

    func shape(_ fire: Fire) -> sqz_int8_conv3x3 {
        sqz_int8_conv3x3(
            size: Int32(fire.size), inputs: Int32(fire.expand3.inputs), out_panels: Int32(fire.expand3.panels),
            out_pitch: fire.pitch, most: most, block: Self.block)
    }
}
