internal import CSqueezeKernels

/// Turns the blocks of a network into the stages and steps of a plan.
struct PlanBuilder {
    let network: Network
    /// Those of the network that are computed.
    let blocks: Range<Int>
    let isTraining: Bool
    let rectifiesScores: Bool
    let chunk: Int

    private(set) var stages: [Plan.Stage] = []
    private(set) var packed = PackedParameters()
    private(set) var prepared = ArenaLayout()
    private(set) var arena = ArenaLayout()
    private(set) var input = Plan.Tensor(offset: 0, picture: 0, pictures: 1, isRectified: false)
    private(set) var inputOrigin = 0
    private(set) var inputPitch = 0
    private(set) var logits = Plan.Tensor(offset: 0, picture: 0, pictures: 1, isRectified: false)
    private(set) var gradients = (0, 0, 0)
    private(set) var squeezeGradient = 0
    private(set) var work = 0
    private(set) var dropoutBits = 0
    private(set) var current = Plan.Tensor(offset: 0, picture: 0, pictures: 1, isRectified: false)
    private var largestSqueeze = 0
    private var workCount = 0
    private var featureCount = 0
    /// The steps of the stage at hand, and the floats of a picture in its largest tensor.
    private var steps: [Plan.Step] = []
    private var largestTensor = 0
    /// Floats of a group's largest gradient.
    private var largestGradient = 0
    private var group = 1

    /// Pixels of a map that are computed together: enough for the products to be worth their weights, few enough to stay in cache.
    private static let groupPixels = (training: 512, inference: 768)
    /// Pictures of a chunk, if their maps are so small that a group takes them all.
    private static let largestChunk = (training: 4, inference: 8)
    /// Scratch memory for one block of Winograd tiles: what fits beside the weights in a second level cache of 512 KiB.
    private static let blockBytes = 464 << 10
    private static let largestBlock = 32
    /// Bytes of a layer's prepared filters that a second level cache holds. Larger ones come from farther away, four times as large as
    /// the weights; then inference prepares them each time, if a picture's map has so many Winograd tiles that it pays.
    private static let largestPrepared = 1 << 20
    private static let leastTiles = 16

    /// Where no step looks back, the tensors of a stage take turns in a few regions of memory, this large: what was just read is
    /// overwritten while it is in cache. The first of two builds finds the sizes.
    private(set) var regions: [Int]
    private var regionOffsets: [Int] = []
    private var tensorCount = 0

    init(
        _ network: Network, blocks: Range<Int>, isTraining: Bool, rectifiesScores: Bool, regions: [Int] = [0, 0, 0]
    ) {
        self.network = network
        self.blocks = blocks
        self.isTraining = isTraining
        self.rectifiesScores = rectifiesScores
        self.regions = regions
        let (training, inference) = Self.largestChunk
        // Training keeps every map of a chunk: of the largest inputs it has one picture.
        let affordable = max(1, training * 32 * 32 / (network.inputSize * network.inputSize))
        chunk = isTraining ? min(training, affordable) : inference
    }

    /// Pictures that inference computes together where maps have this height and width: powers of two, so that a group is whole groups
    /// of the stage before.
    private static func inferenceGroup(_ size: Int) -> Int {
        var pictures = largestChunk.inference
        while pictures > 1, pictures * size * size > groupPixels.inference { pictures /= 2 }
        return pictures
    }

    mutating func build() {
        regionOffsets = regions.map { arena.reserve($0) }
        var blocks = network.blocks[blocks]
        if self.blocks.lowerBound > 0 { addFeatures() }
        while let block = blocks.popFirst() {
            switch block {
            case .stem(let stem):
                if case .pool(let pool)? = blocks.first, Self.canFuse(stem, pool) {
                    addStemPool(stem, pool)
                    blocks.removeFirst()
                } else if case .pool(let pool)? = blocks.first, !isTraining, pool.kernel == 3 {
                    addStem(stem, pool)
                    blocks.removeFirst()
                } else {
                    addStem(stem)
                }
            case .pool(let pool):
                addPool(pool)
                endStage()
            case .fire(let fire):
                if case .pool(let pool)? = blocks.first, canFuse(fire, pool) {
                    addFire(fire, pool)
                    blocks.removeFirst()
                    endStage()
                } else {
                    addFire(fire)
                }
            case .head(let head): addHead(head)
            }
        }
        if !steps.isEmpty { endStage() }
        gradients = (arena.reserve(largestGradient), arena.reserve(largestGradient), arena.reserve(largestGradient))
        squeezeGradient = arena.reserve(isTraining ? largestSqueeze * chunk : 0)
        work = arena.reserve(workCount)
        dropoutBits = arena.reserve(featureCount / 32 + 4)
        // Kernels may read a few vectors past a tensor's end.
        _ = arena.reserve(256)
    }

    private mutating func endStage() {
        var stage = Plan.Stage(
            steps: steps, phases: steps.flatMap(\.phases), group: group, output: current.picture)
        if isTraining {
            largestGradient = max(largestGradient, largestTensor * group)
            stage.inputGradient = arena.reserve(stages.last.map { $0.output * chunk } ?? 0)
        }
        stages.append(stage)
        steps = []
        largestTensor = 0
    }

    /// Before a step's tensors are made: the first step of a stage sets its group, by the height and width of its map.
    private mutating func begin(size: Int) {
        guard steps.isEmpty else { return }
        group = isTraining ? min(chunk, max(1, Self.groupPixels.training / (size * size))) : Self.inferenceGroup(size)
    }

    /// A tensor that only the steps of its stage see, or, if maps are of `nextSize` there, the next stage too.
    private mutating func tensor(_ picture: Int, of pictures: Int? = nil, isRectified: Bool, nextSize: Int? = nil)
        -> Plan.Tensor
    {
        largestTensor = max(largestTensor, picture)
        if isTraining { return reserved(picture, pictures: chunk, isRectified: isRectified) }
        if let nextSize, Self.inferenceGroup(nextSize) > 1 {
            return reserved(picture, pictures: Self.inferenceGroup(nextSize), isRectified: isRectified)
        }
        // A step reads the tensor before, and writes at most two: three regions.
        let region = tensorCount % regions.count
        tensorCount += 1
        let pictures = pictures ?? group
        regions[region] = max(regions[region], picture * pictures)
        return Plan.Tensor(
            offset: regionOffsets[region], picture: picture, pictures: pictures, isRectified: isRectified)
    }

    /// A tensor with memory of its own.
    private mutating func reserved(_ picture: Int, pictures: Int, isRectified: Bool) -> Plan.Tensor {
        Plan.Tensor(
            offset: arena.reserve(picture * pictures), picture: picture, pictures: pictures, isRectified: isRectified)
    }

    /// Reserves the input: `rows` of `columns` pixels, zeros around the picture.
    private mutating func addInput(rows: Int, columns: Int, padding: Int) {
        inputPitch = Int(sqz_input_pitch(Int32(columns)))
        inputOrigin = padding * (inputPitch + 3)
        // Kernels load whole vectors at the end of the last row.
        input = reserved(rows * inputPitch + 32, pictures: isTraining ? chunk : group, isRectified: false)
    }

    /// In place of the input, what the blocks before have computed.
    private mutating func addFeatures() {
        input = tensor(network.features(of: blocks.lowerBound), isRectified: true)
        current = input
    }

    private static func canFuse(_ stem: ShapedBlock.Stem, _ pool: ShapedBlock.Pool) -> Bool {
        stem.convolution.kernel == 3 && stem.stride == 1 && stem.padding == 1 && pool.kernel == 2
    }

    private mutating func addStemPool(_ stem: ShapedBlock.Stem, _ pool: ShapedBlock.Pool) {
        // Whole 4×4 tiles, and never less than the picture itself.
        let covered = max(Int(sqz_stem_pool_covered(Int32(pool.size))), network.inputSize + 2)
        begin(size: pool.size)
        addInput(rows: covered, columns: covered, padding: 1)
        let slot = packed.add(stem.convolution, of: network)
        current = tensor(pool.channels * pool.size * pool.size, isRectified: true)
        let places = reserved(isTraining ? current.picture / 4 : 0, pictures: chunk, isRectified: true)
        workCount = max(workCount, sqz_stem_pool_workspace(Int32(inputPitch)))
        steps.append(
            .stemPool(
                .init(
                    shape: sqz_stem_pool(
                        pitch: Int32(inputPitch), size: Int32(pool.size), out_panels: Int32(slot.panels), least: 0),
                    slot: slot, prepared: prepared.reserve(sqz_stem_pool_filters(Int32(slot.panels))), input: input,
                    output: current, places: places)))
    }

    private mutating func addStem(_ stem: ShapedBlock.Stem, _ pool: ShapedBlock.Pool? = nil) {
        let size = pool?.size ?? stem.size
        begin(size: size)
        let isSeven = stem.convolution.kernel == 7 && stem.stride == 2
        let bordered = network.inputSize + 2 * stem.padding
        let covered = isSeven ? max(bordered, Int(sqz_stem7_covered(Int32(stem.size)))) : bordered
        addInput(rows: covered, columns: covered, padding: stem.padding)
        let slot = packed.add(stem.convolution, of: network)
        current = tensor(stem.convolution.filters * size * size, isRectified: true)
        let strip = isSeven ? sqz_stem7_workspace(Int32(inputPitch), Int32(stem.size)) : 0
        let stripRows = pool == nil ? 0 : Plan.StemStep.keptRows + Plan.StemStep.stripRows
        workCount = max(workCount, strip + stripRows * stem.size * stem.convolution.filters)
        steps.append(
            .stem(
                .init(
                    shape: sqz_stem(
                        kernel: Int32(stem.convolution.kernel), stride: Int32(stem.stride), pitch: Int32(inputPitch),
                        height: Int32(stem.size), width: Int32(stem.size), out_panels: Int32(slot.panels),
                        out_stride: (pool == nil ? stem.size : stripRows) * stem.size * 16, least: 0),
                    slot: slot, prepared: isSeven ? prepared.reserve(sqz_stem7_filters(Int32(slot.panels))) : nil,
                    input: input, output: current, pool: pool.map { maxPool($0, channels: 16) }, strip: strip)))
    }

    /// Panels of channels. The kernels know whole ones only: of another number they would leave channels out without a word.
    private func panels(_ channels: Int) -> Int32 {
        precondition(channels % 16 == 0, "\(channels) channels are no whole panels of 16")
        return Int32(channels / 16)
    }

    private mutating func addPool(_ pool: ShapedBlock.Pool) {
        begin(size: pool.inputSize)
        let output = tensor(
            pool.channels * pool.size * pool.size, isRectified: current.isRectified, nextSize: pool.size)
        steps.append(
            .pool(.init(shape: maxPool(pool, channels: pool.channels), input: current, output: output)))
        current = output
    }

    private func maxPool(_ pool: ShapedBlock.Pool, channels: Int) -> sqz_maxpool {
        sqz_maxpool(
            kernel: Int32(pool.kernel), stride: 2, in_height: Int32(pool.inputSize), in_width: Int32(pool.inputSize),
            out_height: Int32(pool.size), out_width: Int32(pool.size), panels: panels(channels))
    }

    /// The transposed copy of the weight is for the data gradient: only training has it.
    private mutating func pointwise(_ convolution: ShapedBlock.Convolution, size: Int, relu: Bool = true)
        -> Plan.Pointwise
    {
        let slot = packed.add(convolution, of: network)
        return Plan.Pointwise(
            shape: sqz_pointwise(
                rows: Int32(size * size), in_panels: panels(convolution.inputs), out_panels: Int32(slot.panels),
                in_stride: size * size * 16, out_stride: size * size * 16, relu: relu ? 1 : 0),
            slot: slot, transposed: prepared.reserve(isTraining ? slot.panels * slot.rows * 16 : 0))
    }

    /// Training needs the map before the pool.
    private func canFuse(_ fire: ShapedBlock.Fire, _ pool: ShapedBlock.Pool) -> Bool {
        if case .none = fire.shortcut { !isTraining && pool.kernel == 2 } else { false }
    }

    private mutating func addFire(_ fire: ShapedBlock.Fire, _ pool: ShapedBlock.Pool? = nil) {
        begin(size: fire.size)
        let pixels = fire.size * fire.size
        let squeezed = reserved(
            fire.squeeze.filters * pixels, pictures: isTraining ? chunk : group, isRectified: true)
        largestSqueeze = max(largestSqueeze, squeezed.picture)
        let filters = fire.expand1.filters + fire.expand3.filters
        let expanded = tensor((pool == nil ? filters : fire.expand1.filters) * pixels, isRectified: true)
        let squeeze = pointwise(fire.squeeze, size: fire.size)
        let expand1 = pointwise(fire.expand1, size: fire.size)
        let expand3 = packed.add(fire.expand3, of: network)

        let shortcut: Plan.Shortcut
        let output: Plan.Tensor
        switch fire.shortcut {
        case .none:
            shortcut = .none
            output = pool.map { tensor(filters * $0.size * $0.size, isRectified: true, nextSize: $0.size) } ?? expanded
        case .identity:
            shortcut = .identity
            output = tensor(expanded.picture, isRectified: current.isRectified)
        case .convolution(let convolution):
            shortcut = .convolution(pointwise(convolution, size: fire.size, relu: false))
            output = tensor(expanded.picture, isRectified: false)
        }
        let expand3Shape = conv3x3(fire, input: squeezed, output: output, pools: pool != nil)
        let kernelWeights = sqz_conv3x3_filters(Int32(fire.expand3.inputs), Int32(fire.expand3.filters))
        steps.append(
            .fire(
                .init(
                    squeeze: squeeze, expand1: expand1, expand3: expand3, expand3Shape: expand3Shape,
                    expand3Forward: prepared.reserve(expand3Shape.plain == 0 ? kernelWeights : 0),
                    expand3Backward: prepared.reserve(isTraining ? kernelWeights : 0),
                    expand3Gradient: arena.reserve(isTraining ? kernelWeights : 0), shortcut: shortcut, input: current,
                    squeezed: squeezed, expanded: expanded, output: output,
                    pool: pool.map { maxPool($0, channels: fire.expand1.filters) })))
        current = output
    }

    private mutating func conv3x3(_ fire: ShapedBlock.Fire, input: Plan.Tensor, output: Plan.Tensor, pools: Bool)
        -> sqz_conv3x3
    {
        let across = Int(sqz_tiles(Int32(fire.size)))
        let filterBytes = 4 * sqz_conv3x3_filters(Int32(fire.expand3.inputs), Int32(fire.expand3.filters))
        let isPlain = !isTraining && filterBytes > Self.largestPrepared && across * across >= Self.leastTiles
        let needed = (across * across * chunk + 15) / 16 * 16
        var shape = sqz_conv3x3(
            height: Int32(fire.size), width: Int32(fire.size), in_panels: panels(fire.expand3.inputs),
            out_panels: panels(fire.expand3.filters), pools: pools ? 1 : 0, plain: isPlain ? 1 : 0,
            block: 0, in_image: input.picture, out_image: output.picture, least: 0)
        let affordable = Int(sqz_conv3x3_block(&shape, isTraining ? 1 : 0, Self.blockBytes))
        shape.block = Int32(min(Self.largestBlock, affordable, needed))
        workCount = max(workCount, sqz_conv3x3_workspace(&shape, isTraining ? 1 : 0))
        return shape
    }

    private mutating func addHead(_ head: ShapedBlock.Head) {
        let pixels = head.size * head.size
        let padded = (head.size + 2 * head.padding) * (head.size + 2 * head.padding)
        begin(size: head.size)
        featureCount = current.picture
        let classifier = pointwise(head.convolution, size: head.size, relu: rectifiesScores)
        // Of the scores, inference needs those of one picture at a time.
        let scores = tensor(classifier.slot.panels * 16 * head.size * head.size, of: 1, isRectified: rectifiesScores)
        // Beside the logits of the chunk, their gradients.
        logits = reserved(classifier.slot.panels * 16, pictures: 2 * chunk, isRectified: rectifiesScores)
        steps.append(
            .head(
                .init(
                    classifier: classifier, width: head.size, input: current, scores: scores, logits: logits,
                    inside: Float(pixels) / Float(padded), border: Float(padded - pixels) / Float(padded))))
        current = logits
    }
}
