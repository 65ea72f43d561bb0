internal import CSqueezeKernels

extension NormalizedPlan {
    /// After `forward`, and once the logits' gradients are filled in: the gradients of a group's pictures, added to `total`. Those of
    /// 3×3 weights wait as those of `Plan.backward` do.
    func backward(
        _ pictures: Int, _ memory: Memory, isFirst: Bool, dropout: ((Int) -> CounterRandom)?,
        into total: UnsafeMutablePointer<Float>
    ) {
        let all = 0..<pictures
        for step in steps.reversed() {
            switch step {
            case .head(let step):
                for picture in all { backward(step, picture, memory, dropout?(picture), total) }
            case .fire(let step): backward(step, all, memory, isFirst: isFirst, total)
            case .pool(let step):
                var shape = step.shape
                for picture in all {
                    memory.kernels.pointee.maxpool_backward(
                        &shape, memory(step.input.map, picture), memory(step.output.map, picture),
                        gradient(step.output, picture, memory), gradient(step.input, picture, memory))
                }
            case .stemPool(let step):
                var shape = step.shape
                finish(step.output.layer!, pictures: pictures, memory, total)
                for picture in all {
                    memory.kernels.pointee.stem_pool_backward(
                        &shape, memory(input, picture), behind(step.output, picture, memory, memory.arena + scratch.0),
                        places(step, picture, memory), total + step.step.slot.weight, memory.arena + noGradient,
                        memory.arena + plan.work)
                }
            case .stem(let step):
                var shape = step.shape
                finish(step.output.layer!, pictures: pictures, memory, total)
                for picture in all {
                    memory.kernels.pointee.stem_backward(
                        &shape, memory(input, picture), behind(step.output, picture, memory, memory.arena + scratch.0),
                        total + step.step.slot.weight, memory.arena + noGradient)
                }
            }
        }
    }

    /// The gradients of a picture's logits, which the loss fills in between `forward` and `backward`.
    func logitGradient(_ picture: Int, _ memory: Memory) -> UnsafeMutablePointer<Float> {
        memory(head.step.logits, group + picture)
    }

    private func gradient(_ activation: Activation, _ picture: Int, _ memory: Memory) -> UnsafeMutablePointer<Float> {
        memory.arena + activation.gradient + picture * activation.map.picture
    }

    /// Takes the gradient of a picture's map through the ReLU, and adds it up.
    private func rectify(_ activation: Activation, _ picture: Int, _ memory: Memory) {
        guard let layer = activation.layer else { return }
        memory.kernels.pointee.batch_backward_sums(
            Int32(activation.pixels), activation.panels, memory.arena + layer.scale, memory.arena + layer.shift,
            layer.least, memory(activation.map, picture), gradient(activation, picture, memory),
            sums(layer.gradientSums, memory))
    }

    /// The shifts' gradients, and what the normalization makes of its output's, once those of all pictures are there: with g that gradient
    /// and x the normalized map, g - mean(g) - x * mean(g * x), times the scale.
    private func finish(_ layer: Layer, pictures: Int, _ memory: Memory, _ total: UnsafeMutablePointer<Float>) {
        let sums = sums(layer.gradientSums, memory)
        let count = Double(layer.pixels * pictures)
        for channel in 0..<layer.channels {
            let sum = sums + Layer.sum(channel)
            let (scale, mean) = (
                Double(memory.arena[layer.scale + channel]), Double(memory.arena[layer.mean + channel])
            )
            total[layer.bias(channel)] += Float(sum[0])
            let product = scale * (sum[16] - mean * sum[0]) / count
            let factors = memory.arena + layer.backward + channel / 16 * 48 + channel % 16
            factors[0] = Float(scale)
            factors[16] = Float(-scale * scale * product)
            factors[32] = Float(scale * (scale * product * mean - sum[0] / count))
        }
    }

    /// The gradient of a picture's map before its normalization, in `target`.
    private func behind(
        _ activation: Activation, _ picture: Int, _ memory: Memory, _ target: UnsafeMutablePointer<Float>
    ) -> UnsafeMutablePointer<Float> {
        let layer = activation.layer!
        memory.kernels.pointee.batch_backward(
            Int32(layer.pixels), Int32(layer.panels), memory.arena + layer.backward, memory(layer.map, picture),
            gradient(activation, picture, memory), target)
        return target
    }

    private func backward(
        _ step: Head, _ picture: Int, _ memory: Memory, _ dropout: CounterRandom?, _ total: UnsafeMutablePointer<Float>
    ) {
        let kernels = memory.kernels.pointee
        let (head, slot) = (step.step, step.step.classifier.slot)
        var shape = head.classifier.shape
        let scores = memory.arena + scratch.1
        let input = gradient(step.input, picture, memory)
        kernels.average_backward(
            shape.rows, shape.out_panels, head.scores.isRectified ? memory(head.scores, picture) : nil,
            logitGradient(picture, memory), scores)
        kernels.pointwise_backward_weights(
            &shape, readDropped(step, picture, memory, dropout), scores, total + slot.weight, total + slot.bias)
        kernels.pointwise_backward_data(
            &shape, scores, memory.prepared + head.classifier.transposed, 0, nil, input)
        if dropout != nil {
            kernels.dropout(step.input.map.picture, plan.dropoutWords(memory), input)
        }
        rectify(step.input, picture, memory)
    }

    private func backward(
        _ step: Fire, _ all: Range<Int>, _ memory: Memory, isFirst: Bool, _ total: UnsafeMutablePointer<Float>
    ) {
        let kernels = memory.kernels.pointee
        let (first, second, third) = (memory.arena + scratch.0, memory.arena + scratch.1, memory.arena + scratch.2)
        let noGradient = memory.arena + noGradient
        var (squeeze, expand1, expand3) = (step.squeeze, step.expand1, step.expand3)
        let (squeezed, expanded) = (step.squeezed.layer!, step.expanded.layer!)
        let hasShortcut = backwardShortcut(step, all, memory, total)
        finish(expanded, pictures: all.count, memory, total)
        for start in stride(from: 0, to: all.count, by: step.together) {
            let group = start..<min(all.count, start + step.together)
            for (place, picture) in group.enumerated() {
                let input = read(step.squeezed, picture, memory, at: first + place * squeezed.map.picture)
                let own = behind(step.expanded, picture, memory, second + place * expanded.map.picture)
                kernels.pointwise_backward_weights(
                    &expand1, input, own, total + expanded.slot.weight, noGradient)
                kernels.pointwise_backward_data(
                    &expand1, own, memory.prepared + step.step.expand1.transposed, 0, nil,
                    gradient(step.squeezed, picture, memory))
            }
            kernels.conv3x3_backward(
                &expand3, Int32(group.count), isFirst && start == 0 ? 0 : 1, first, second + step.step.expand3Offset,
                memory.prepared + step.step.expand3Backward, gradient(step.squeezed, start, memory),
                memory.arena + step.step.expand3Gradient, noGradient, memory.arena + plan.work)
            for picture in group { rectify(step.squeezed, picture, memory) }
        }
        finish(squeezed, pictures: all.count, memory, total)
        for picture in all {
            let own = behind(step.squeezed, picture, memory, third)
            kernels.pointwise_backward_weights(
                &squeeze, read(step.input, picture, memory, at: first), own, total + squeezed.slot.weight,
                noGradient)
            kernels.pointwise_backward_data(
                &squeeze, own, memory.prepared + step.step.squeeze.transposed, hasShortcut ? 1 : 0, nil,
                gradient(step.input, picture, memory))
            rectify(step.input, picture, memory)
        }
    }

    /// Where the output's gradient has two ways to go: around the expand layers to the input, and into them. False if there is one.
    private func backwardShortcut(
        _ step: Fire, _ all: Range<Int>, _ memory: Memory, _ total: UnsafeMutablePointer<Float>
    ) -> Bool {
        if case .none = step.step.shortcut { return false }
        let kernels = memory.kernels.pointee
        for picture in all {
            let output = gradient(step.output, picture, memory)
            gradient(step.expanded, picture, memory).update(from: output, count: step.output.map.picture)
            rectify(step.expanded, picture, memory)
            if let bypassed = step.bypassed {
                rectify(bypassed, picture, memory)
            } else {
                gradient(step.input, picture, memory).update(from: output, count: step.output.map.picture)
            }
        }
        guard let bypassed = step.bypassed, case .convolution(let bypass) = step.step.shortcut else { return true }
        var shape = bypass.shape
        finish(bypassed.layer!, pictures: all.count, memory, total)
        for picture in all {
            let own = behind(bypassed, picture, memory, memory.arena + scratch.1)
            kernels.pointwise_backward_weights(
                &shape, read(step.input, picture, memory, at: memory.arena + scratch.0), own,
                total + bypass.slot.weight, memory.arena + noGradient)
            kernels.pointwise_backward_data(
                &shape, own, memory.prepared + bypass.transposed, 0, nil, gradient(step.input, picture, memory))
        }
        return true
    }
}
