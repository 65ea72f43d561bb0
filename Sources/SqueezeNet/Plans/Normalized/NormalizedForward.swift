internal import CSqueezeKernels

extension NormalizedPlan {
    /// Computes the logits of a group of pictures, each of which `load` puts into the memory that it gets. With `dropout`, picture i
    /// uses the generator dropout(i).
    func forward(
        _ pictures: Int, _ memory: Memory, dropout: ((Int) -> CounterRandom)? = nil,
        load: (Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        let all = 0..<pictures
        for layer in layers {
            sums(layer.sums, memory).update(repeating: 0, count: 2 * layer.channels)
            sums(layer.gradientSums, memory).update(repeating: 0, count: 2 * layer.channels)
        }
        for picture in all { load(picture, memory(input, picture)) }
        for step in steps {
            switch step {
            case .stemPool(let step): forward(step, all, memory)
            case .stem(let step): forward(step, all, memory)
            case .pool(let step):
                var shape = step.shape
                for picture in all {
                    memory.kernels.pointee.maxpool_forward(
                        &shape, 0, shape.out_height, memory(step.input.map, picture), memory(step.output.map, picture))
                }
            case .fire(let step): forward(step, all, memory)
            case .head(let step):
                for picture in all { forward(step, picture, memory, dropout?(picture)) }
            }
        }
    }

    func logits(_ picture: Int, _ memory: Memory) -> UnsafeMutablePointer<Float> {
        memory(head.step.logits, picture)
    }

    /// The sums of all layers after `forward`.
    func readStatistics(_ memory: Memory, into target: UnsafeMutablePointer<Double>) {
        var target = target
        for layer in layers {
            target.update(from: sums(layer.sums, memory), count: 2 * layer.channels)
            target += 2 * layer.channels
        }
    }

    func sums(_ offset: Int, _ memory: Memory) -> UnsafeMutablePointer<Double> {
        UnsafeMutableRawPointer(memory.arena + offset).assumingMemoryBound(to: Double.self)
    }

    /// The map as the next step reads it: where it lies, or made in `target`.
    func read(
        _ activation: Activation, _ picture: Int, _ memory: Memory, at target: UnsafeMutablePointer<Float>
    ) -> UnsafeMutablePointer<Float> {
        let map = memory(activation.map, picture)
        guard let layer = activation.layer else { return map }
        memory.kernels.pointee.batch_forward(
            Int32(activation.pixels), activation.panels, memory.arena + layer.scale, memory.arena + layer.shift,
            layer.least, map, target)
        return target
    }

    private func addMoments(_ layer: Layer, _ picture: Int, _ memory: Memory) {
        memory.kernels.pointee.batch_moments(
            Int32(layer.pixels), Int32(layer.panels), memory(layer.map, picture), sums(layer.sums, memory))
    }

    /// Scale and shift, once the maps of all pictures are there.
    private func finish(_ layer: Layer, pictures: Int, _ memory: Memory) {
        let sums = sums(layer.sums, memory)
        let count = Double(layer.pixels * pictures)
        for channel in 0..<layer.channels {
            let (mean, scale) = Self.normalization(sums + Layer.sum(channel), count: count)
            memory.arena[layer.scale + channel] = Float(scale)
            memory.arena[layer.mean + channel] = Float(mean)
            memory.arena[layer.shift + channel] = Float(Double(memory.parameters[layer.bias(channel)]) - mean * scale)
        }
    }

    /// The mean of a channel and the inverse of its deviation.
    static func normalization(_ sum: UnsafePointer<Double>, count: Double) -> (mean: Double, scale: Double) {
        let mean = sum[0] / count
        return (mean, 1 / (max(0, sum[16] / count - mean * mean) + epsilon).squareRoot())
    }

    private func forward(_ step: StemPool, _ all: Range<Int>, _ memory: Memory) {
        var shape = step.shape
        let layer = step.output.layer!
        for picture in all {
            memory.kernels.pointee.stem_pool_forward(
                &shape, 0, (shape.size + 1) / 2, memory(input, picture), memory.prepared + step.step.prepared,
                memory.arena + noBias, memory(layer.map, picture), places(step, picture, memory),
                memory.arena + plan.work)
            addMoments(layer, picture, memory)
        }
        finish(layer, pictures: all.count, memory)
    }

    func places(_ step: StemPool, _ picture: Int, _ memory: Memory) -> UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(memory(step.places, picture)).assumingMemoryBound(to: UInt8.self)
    }

    private func forward(_ step: Stem, _ all: Range<Int>, _ memory: Memory) {
        var shape = step.shape
        let layer = step.output.layer!
        for picture in all {
            if let prepared = step.step.prepared {
                memory.kernels.pointee.stem7_forward(
                    &shape, 0, (shape.height + 2) / 3, memory(input, picture), memory.prepared + prepared,
                    memory.arena + noBias, memory(layer.map, picture), memory.arena + plan.work)
            } else {
                memory.kernels.pointee.stem_forward(
                    &shape, 0, shape.height, memory(input, picture), memory.parameters + step.step.slot.weight,
                    memory.arena + noBias, memory(layer.map, picture))
            }
            addMoments(layer, picture, memory)
        }
        finish(layer, pictures: all.count, memory)
    }

    private func forward(_ step: Fire, _ all: Range<Int>, _ memory: Memory) {
        let kernels = memory.kernels.pointee
        let (first, second) = (memory.arena + scratch.0, memory.arena + scratch.1)
        var (expand1, expand3) = (step.expand1, step.expand3)
        let (squeezed, expanded) = (step.squeezed.layer!, step.expanded.layer!)
        forward(step.squeeze, step.input, into: squeezed, all, memory)
        for start in stride(from: 0, to: all.count, by: step.together) {
            let group = start..<min(all.count, start + step.together)
            for (place, picture) in group.enumerated() {
                let input = read(step.squeezed, picture, memory, at: first + place * squeezed.map.picture)
                kernels.pointwise_forward(
                    &expand1, input, memory.parameters + expanded.slot.weight, memory.arena + noBias,
                    memory(expanded.map, picture))
            }
            var part = step.step.part(pictures: group.count, Plan.Share())
            kernels.conv3x3_forward(
                &expand3, &part, first, memory.prepared + step.step.expand3Forward, memory.arena + noBias,
                memory(expanded.map, start) + step.step.expand3Offset, memory.arena + plan.work)
            for picture in group { addMoments(expanded, picture, memory) }
        }
        finish(expanded, pictures: all.count, memory)
        if case .none = step.step.shortcut { return }
        if let bypassed = step.bypassed, case .convolution(let bypass) = step.step.shortcut {
            forward(bypass.shape, step.input, into: bypassed.layer!, all, memory)
        }
        for picture in all {
            kernels.add(
                step.output.map.picture, read(step.expanded, picture, memory, at: second),
                read(step.bypassed ?? step.input, picture, memory, at: first), memory(step.output.map, picture))
        }
    }

    /// A 1×1 convolution of all that a module reads.
    private func forward(
        _ shape: sqz_pointwise, _ input: Activation, into layer: Layer, _ all: Range<Int>, _ memory: Memory
    ) {
        var shape = shape
        for picture in all {
            memory.kernels.pointee.pointwise_forward(
                &shape, read(input, picture, memory, at: memory.arena + scratch.0),
                memory.parameters + layer.slot.weight, memory.arena + noBias, memory(layer.map, picture))
            addMoments(layer, picture, memory)
        }
        finish(layer, pictures: all.count, memory)
    }

    private func forward(_ step: Head, _ picture: Int, _ memory: Memory, _ dropout: CounterRandom?) {
        var shape = step.step.classifier.shape
        memory.kernels.pointee.pointwise_forward(
            &shape, readDropped(step, picture, memory, dropout), memory.parameters + step.step.classifier.slot.weight,
            memory.parameters + step.step.classifier.slot.bias, memory(step.step.scores, picture))
        plan.average(step.step, picture, memory)
    }

    /// What the classifier reads, in the first scratch memory.
    func readDropped(_ step: Head, _ picture: Int, _ memory: Memory, _ dropout: CounterRandom?)
        -> UnsafeMutablePointer<Float>
    {
        let own = memory.arena + scratch.0
        let map = read(step.input, picture, memory, at: own)
        guard let dropout else { return map }
        if map != own { own.update(from: map, count: step.input.map.picture) }
        plan.drawDropout(dropout, step.step, memory)
        memory.kernels.pointee.dropout(step.input.map.picture, plan.dropoutWords(memory), own)
        return own
    }
}
