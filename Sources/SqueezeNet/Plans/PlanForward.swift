internal import CSqueezeKernels

extension Plan {
    /// Puts a picture into the chunk.
    func load(
        _ picture: Picture, at place: Int, _ preprocessing: Preprocessing, draw: Augmentation.Draw? = nil,
        isMirrored: Bool = false, _ memory: Memory
    ) {
        load(picture, into: memory.input(input, place), preprocessing, draw: draw, isMirrored: isMirrored, memory)
    }

    /// Puts a picture into memory that is like the chunk's.
    func load(
        _ picture: Picture, into target: UnsafeMutablePointer<Float>, _ preprocessing: Preprocessing,
        draw: Augmentation.Draw?, isMirrored: Bool = false, _ memory: Memory
    ) {
        preprocessing.withSource(of: picture, draw: draw) { source in
            preprocessing.write(
                source, draw: draw, isMirrored: isMirrored, rows: 0..<preprocessing.size, to: target + inputOrigin,
                pitch: inputPitch, kernels: memory.kernels)
        }
    }

    /// Puts some rows of a picture into the chunk.
    /// - Parameter source: what the preprocessing has made of it.
    func load(
        source: Picture, at place: Int, _ preprocessing: Preprocessing, draw: Augmentation.Draw? = nil,
        isMirrored: Bool = false, rows: Range<Int>, _ memory: Memory
    ) {
        preprocessing.write(
            source, draw: draw, isMirrored: isMirrored, rows: rows, to: memory.input(input, place) + inputOrigin,
            pitch: inputPitch, kernels: memory.kernels)
    }

    /// Computes the logits of the chunk's first `pictures`, each of which `load` puts into the chunk when it is its turn. In training,
    /// with `dropout`, picture i uses the generator dropout(i).
    func forward(
        _ pictures: Int, _ memory: Memory, dropout: ((Int) -> CounterRandom)? = nil, load: (Int) -> Void
    ) {
        forward(0..<pictures, through: stages.count - 1, memory, dropout, load)
    }

    /// A stage's groups one after the other, each as soon as the stages before have computed its pictures: so what is kept between
    /// two stages is one group.
    private func forward(
        _ pictures: Range<Int>, through last: Int, _ memory: Memory, _ dropout: ((Int) -> CounterRandom)?,
        _ load: (Int) -> Void
    ) {
        let stage = stages[last]
        for start in stride(from: pictures.lowerBound, to: pictures.upperBound, by: stage.group) {
            let group = start..<min(pictures.upperBound, start + stage.group)
            if last > 0 { forward(group, through: last - 1, memory, dropout, load) } else { group.forEach(load) }
            for phase in stage.phases {
                guard case .scores(let step) = phase else {
                    forward(phase, group, Share(), memory)
                    continue
                }
                for picture in group {
                    if let dropout { drop(dropout(picture), step, picture, memory) }
                    forward(phase, picture..<picture + 1, Share(), memory)
                    average(step, picture, memory)
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

    /// The smallest score of a picture's pixels and classes, those of padding too, once it is computed.
    /// - Precondition: the plan is one for training, and has the head.
    func smallestScore(_ picture: Int, _ memory: Memory) -> Float {
        guard isTraining, case .head(let step)? = stages.last?.steps.last else {
            preconditionFailure("no scores are kept")
        }
        let (pixels, classes) = (Int(step.classifier.shape.rows), step.classifier.slot.filters)
        let scores = memory(step.scores, picture)
        var smallest = Float.infinity
        // Behind the classes are others' lanes, which are zero.
        for channel in 0..<classes {
            let lane = scores + channel / 16 * pixels * 16 + channel % 16
            for pixel in 0..<pixels { smallest = min(smallest, lane[pixel * 16]) }
            if step.border > 0 { smallest = min(smallest, memory.parameters[step.classifier.slot.bias + channel]) }
        }
        return smallest
    }

    /// Logits from scores.
    func average(_ step: HeadStep, _ picture: Int, _ memory: Memory) {
        let shape = step.classifier.shape
        memory.kernels.pointee.average_forward(
            shape.rows, shape.out_panels, memory(step.scores, picture), memory(step.logits, picture))
        guard step.border > 0 else { return }
        let (logits, bias) = (memory(step.logits, picture), memory.parameters + step.classifier.slot.bias)
        for channel in 0..<Int(shape.out_panels) * 16 {
            let score = step.scores.isRectified ? max(0, bias[channel]) : bias[channel]
            logits[channel] = logits[channel] * step.inside + score * step.border
        }
    }

    private func forward(_ step: StemStep, _ group: Range<Int>, _ share: Share, _ memory: Memory) {
        for picture in group {
            let output = memory(step.output, picture)
            if let pool = step.pool {
                forward(step, pool, share, picture, into: output, memory)
            } else {
                let rows = share.range(of: Int(step.shape.height), unit: 3)
                forward(step, rows, picture, into: output, memory)
            }
        }
    }

    /// Rows of the stem's output, which begins at `output`. They begin with a whole number of triples, as the 7×7 kernel needs it.
    private func forward(
        _ step: StemStep, _ rows: Range<Int>, _ picture: Int, into output: UnsafeMutablePointer<Float>, _ memory: Memory
    ) {
        var shape = step.shape
        let input = memory.input(step.input, picture)
        let bias = memory.parameters + step.slot.bias
        if let prepared = step.prepared {
            memory.kernels.pointee.stem7_forward(
                &shape, Int32(rows.lowerBound / 3), Int32((rows.upperBound + 2) / 3), input, memory.prepared + prepared,
                bias, output, memory.own + work)
        } else {
            memory.kernels.pointee.stem_forward(
                &shape, Int32(rows.lowerBound), Int32(rows.upperBound), input, memory.parameters + step.slot.weight,
                bias, output)
        }
    }

    /// A strip of the stem at a time, and the three rows of windows that it completes; the first of them begin two rows before it.
    private func forward(
        _ step: StemStep, _ pool: sqz_maxpool, _ share: Share, _ picture: Int,
        into output: UnsafeMutablePointer<Float>, _ memory: Memory
    ) {
        var pool = pool
        let height = Int(step.shape.height)
        let row = Int(step.shape.width) * 16
        let (stripRows, keptRows) = (StemStep.stripRows, StemStep.keptRows)
        let strips = share.range(of: (height + stripRows - 1) / stripRows)
        for strip in strips {
            let rows = stripRows * strip..<min(height, stripRows * (strip + 1))
            // The strip's memory begins with the rows that are kept: this is where row 0 would be.
            let stem = memory.own + work + step.strip - (rows.lowerBound - keptRows) * row
            if strip > strips.lowerBound {
                for panel in 0..<Int(step.shape.out_panels) {
                    let kept = stem + panel * step.shape.out_stride + (rows.lowerBound - 2) * row
                    kept.update(from: kept + stripRows * row, count: 2 * row)
                }
            } else if strip > 0 {
                forward(step, rows.lowerBound - keptRows..<rows.lowerBound, picture, into: stem, memory)
            }
            forward(step, rows, picture, into: stem, memory)
            let windows = max(0, 3 * strip - 1)..<(rows.upperBound == height ? Int(pool.out_height) : 3 * strip + 2)
            for panel in 0..<Int(step.shape.out_panels) {
                memory.kernels.pointee.maxpool_forward(
                    &pool, Int32(windows.lowerBound), Int32(windows.upperBound), stem + panel * step.shape.out_stride,
                    output + panel * Int(pool.out_height * pool.out_width) * 16)
            }
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
        shape.block = min(shape.block, (part.last_tile - part.first_tile + 15) / 16 * 16)
        memory.kernels.pointee.conv3x3_forward(
            &shape, &part, memory(step.squeezed, group.lowerBound),
            shape.plain == 0 ? memory.prepared + step.expand3Forward : memory.parameters + step.expand3.weight,
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

    private func drop(_ dropout: CounterRandom, _ step: HeadStep, _ picture: Int, _ memory: Memory) {
        drawDropout(dropout, step, memory)
        memory.kernels.pointee.dropout(step.input.picture, dropoutWords(memory), memory(step.input, picture))
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
