internal import CSqueezeKernels

extension Plan {
    /// Puts a standardized picture into the chunk, or some of its rows.
    func load(
        _ picture: UnsafePointer<UInt8>, at place: Int, _ preprocessing: Preprocessing,
        augmentation: Preprocessing.Augmentation?, rows: Range<Int>? = nil, _ memory: Memory
    ) {
        var crop = preprocessing.crop(augmentation, pitch: inputPitch)
        let rows = rows ?? 0..<preprocessing.size
        memory.kernels.pointee.standardize(
            &crop, Int32(rows.lowerBound), Int32(rows.upperBound), picture, memory.input(input, place) + inputOrigin)
    }

    /// Computes the logits of the chunk's first `pictures`. In training, with `dropout`, picture i uses the generator dropout(i).
    func forward(_ pictures: Int, _ memory: Memory, dropout: ((Int) -> CounterRandom)? = nil) {
        for stage in stages {
            for start in stride(from: 0, to: pictures, by: stage.group) {
                let group = start..<min(pictures, start + stage.group)
                for phase in stage.phases {
                    if case .scores(let step) = phase, let dropout { drop(dropout, step, group, memory) }
                    forward(phase, group, Share(), memory)
                    if case .scores(let step) = phase { average(step, group, memory) }
                }
            }
        }
    }

    /// A share of a phase of a group.
    func forward(_ phase: Phase, _ group: Range<Int>, _ share: Share, _ memory: Memory) {
        switch phase {
        case .stem(let step): forward(step, group, share, memory)
        case .stemPool(let step): forward(step, group, share, memory)
        case .pool(let step): forward(step, group, share, memory)
        case .squeeze(let step):
            let pixels = step.pixels(share)
            for picture in group {
                let squeezed = memory(step.squeezed, picture)
                forward(step.squeeze, pixels, memory(step.input, picture), squeezed, memory)
                forward(step.expand1, pixels, squeezed, memory(step.expanded, picture), memory)
                if var pool = step.pool {
                    memory.kernels.pointee.maxpool_forward(
                        &pool, Int32(pixels.lowerBound / step.width / 2), Int32(pixels.upperBound / step.width / 2),
                        memory(step.expanded, picture), memory(step.output, picture))
                }
            }
        case .expand(let step): expand(step, group, share, memory)
        case .shortcut(let step): addShortcut(step, group, share, memory)
        case .scores(let step):
            let pixels = share.pixels(of: step.classifier)
            for picture in group {
                forward(
                    step.classifier, pixels, memory(step.input, picture), memory(step.scores, picture), memory)
            }
        }
    }

    /// Logits from scores.
    func average(_ step: HeadStep, _ group: Range<Int>, _ memory: Memory) {
        let shape = step.classifier.shape
        for picture in group {
            memory.kernels.pointee.average_forward(
                shape.rows, shape.out_panels, memory(step.scores, picture), memory(step.logits, picture))
        }
    }

    private func forward(_ step: StemStep, _ group: Range<Int>, _ share: Share, _ memory: Memory) {
        var shape = step.shape
        if let prepared = step.prepared {
            let triples = share.range(of: Int(shape.height + 2) / 3)
            for picture in group {
                memory.kernels.pointee.stem7_forward(
                    &shape, Int32(triples.lowerBound), Int32(triples.upperBound), memory.input(step.input, picture),
                    memory.prepared + prepared, memory.parameters + step.slot.bias, memory(step.output, picture),
                    memory.own + work)
            }
            return
        }
        let rows = share.range(of: Int(shape.height))
        for picture in group {
            memory.kernels.pointee.stem_forward(
                &shape, Int32(rows.lowerBound), Int32(rows.upperBound), memory.input(step.input, picture),
                memory.parameters + step.slot.weight, memory.parameters + step.slot.bias, memory(step.output, picture))
        }
    }

    private func forward(_ step: StemPoolStep, _ group: Range<Int>, _ share: Share, _ memory: Memory) {
        var shape = step.shape
        let pairs = step.pairs(share)
        for picture in group {
            memory.kernels.pointee.stem_pool_forward(
                &shape, Int32(pairs.lowerBound), Int32(pairs.upperBound), memory.input(step.input, picture),
                memory.prepared + step.prepared, memory.parameters + step.slot.bias, memory(step.output, picture),
                isTraining ? places(step, picture, memory) : nil, memory.own + work)
        }
    }

    func places(_ step: StemPoolStep, _ picture: Int, _ memory: Memory) -> UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(memory(step.places, picture)).assumingMemoryBound(to: UInt8.self)
    }

    private func forward(_ step: PoolStep, _ group: Range<Int>, _ share: Share, _ memory: Memory) {
        var shape = step.shape
        let rows = step.rows(share)
        for picture in group {
            memory.kernels.pointee.maxpool_forward(
                &shape, Int32(rows.lowerBound), Int32(rows.upperBound), memory(step.input, picture),
                memory(step.output, picture))
        }
    }

    private func forward(
        _ layer: Pointwise, _ pixels: Range<Int>, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ memory: Memory
    ) {
        var shape = layer.shape
        shape.rows = Int32(pixels.count)
        memory.kernels.pointee.pointwise_forward(
            &shape, input + pixels.lowerBound * 16, memory.parameters + layer.slot.weight,
            memory.parameters + layer.slot.bias, output + pixels.lowerBound * 16)
    }

    private func expand(_ step: FireStep, _ group: Range<Int>, _ share: Share, _ memory: Memory) {
        var shape = step.expand3Shape
        var part = step.part(pictures: group.count, share)
        memory.kernels.pointee.conv3x3_forward(
            &shape, &part, memory(step.squeezed, group.lowerBound), memory.prepared + step.expand3Forward,
            memory.parameters + step.expand3.bias,
            memory(step.pool == nil ? step.expanded : step.output, group.lowerBound) + step.expand3Offset,
            memory.own + work)
    }

    private func addShortcut(_ step: FireStep, _ group: Range<Int>, _ share: Share, _ memory: Memory) {
        let own = step.pixels(share)
        let pixels = Int(step.squeeze.shape.rows)
        for picture in group {
            let output = memory(step.output, picture)
            var other = UnsafePointer(memory(step.input, picture))
            if case .convolution(let layer) = step.shortcut {
                forward(layer, own, other, output, memory)
                other = UnsafePointer(output)
            }
            for panel in 0..<step.output.picture / (pixels * 16) {
                let start = (panel * pixels + own.lowerBound) * 16
                memory.kernels.pointee.add(
                    own.count * 16, memory(step.expanded, picture) + start, other + start, output + start)
            }
        }
    }

    private func drop(
        _ dropout: (Int) -> CounterRandom, _ step: HeadStep, _ group: Range<Int>, _ memory: Memory
    ) {
        for picture in group {
            drawDropout(dropout(picture), step, memory)
            memory.kernels.pointee.dropout(step.input.picture, dropoutWords(memory), memory(step.input, picture))
        }
    }

    /// Dropout's bits of one picture: bit i of the generator's stream keeps value i.
    func drawDropout(_ random: CounterRandom, _ step: HeadStep, _ memory: Memory) {
        let words = dropoutWords(memory)
        for block in 0..<(step.input.picture + 127) / 128 {
            let drawn = random.words(block: block)
            words[4 * block] = drawn.0
            words[4 * block + 1] = drawn.1
            words[4 * block + 2] = drawn.2
            words[4 * block + 3] = drawn.3
        }
    }

    func dropoutWords(_ memory: Memory) -> UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(memory.arena + dropoutBits).assumingMemoryBound(to: UInt32.self)
    }
}
