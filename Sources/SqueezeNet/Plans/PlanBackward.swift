internal import CSqueezeKernels

extension Plan {
    /// Gradients on their way down: that of a step's output, where that of its input goes, and a buffer that is free. All point at
    /// the group's first picture.
    private struct Flow {
        var output: UnsafeMutablePointer<Float>
        var input: UnsafeMutablePointer<Float>
        var spare: UnsafeMutablePointer<Float>
    }

    /// After `forward`, and once the logits' gradients are filled in: the gradients of the chunk's first `pictures`, added to
    /// `total` (packed as the parameters). Those of 3×3 weights wait in the arena until `finishGradients`; with `isFirst` they
    /// replace what was there.
    func backward(
        _ pictures: Int, _ memory: Memory, isFirst: Bool, dropout: ((Int) -> CounterRandom)?,
        into total: UnsafeMutablePointer<Float>
    ) {
        for index in stages.indices.reversed() {
            let stage = stages[index]
            for start in stride(from: 0, to: pictures, by: stage.group) {
                let group = start..<min(pictures, start + stage.group)
                var flow = Flow(
                    output: memory.arena + gradients.0, input: memory.arena + gradients.1,
                    spare: memory.arena + gradients.2)
                var free = flow.output
                if index + 1 < stages.count {
                    flow.output = memory.arena + stages[index + 1].inputGradient + start * stage.output
                }
                for (place, step) in stage.steps.enumerated().reversed() {
                    if place == 0, index > 0 {
                        flow.input = memory.arena + stage.inputGradient + start * stages[index - 1].output
                    }
                    let isFirst = isFirst && start == 0
                    switch step {
                    case .stem(let step): backward(step, group, memory, flow, total)
                    case .stemPool(let step): backward(step, group, memory, flow, total)
                    case .pool(let step): backward(step, group, memory, flow)
                    case .fire(let step): backward(step, group, memory, flow, isFirst: isFirst, total)
                    case .head(let step): backward(step, group, memory, flow, dropout, total)
                    }
                    // What was read is free; at a stage's end it was the next stage's and stays so.
                    (flow.output, flow.input, free) = (flow.input, free, flow.input)
                }
            }
        }
    }

    /// The gradients of a picture's logits, which the loss fills in between `forward` and `backward`.
    func logitGradient(_ picture: Int, _ memory: Memory) -> UnsafeMutablePointer<Float> {
        memory(logits, chunk + picture)
    }

    /// Brings the 3×3 weight gradients from the kernels' own form into `total`.
    func finishGradients(_ memory: Memory, _ total: UnsafeMutablePointer<Float>) {
        for case .fire(let step) in stages.lazy.flatMap(\.steps) {
            var shape = step.expand3Shape
            memory.kernels.pointee.conv3x3_finish(
                &shape, memory.arena + step.expand3Gradient, total + step.expand3.weight)
        }
    }

    private func backward(
        _ step: HeadStep, _ group: Range<Int>, _ memory: Memory, _ flow: Flow, _ dropout: ((Int) -> CounterRandom)?,
        _ total: UnsafeMutablePointer<Float>
    ) {
        let kernels = memory.kernels.pointee
        var shape = step.classifier.shape
        for (place, picture) in group.enumerated() {
            let features = memory(step.input, picture)
            let input = flow.input + place * step.input.picture
            if step.border > 0 { takeBorder(step, picture, memory, total) }
            kernels.average_backward(
                shape.rows, shape.out_panels, step.scores.isRectified ? memory(step.scores, picture) : nil,
                logitGradient(picture, memory), flow.spare)
            kernels.pointwise_backward_weights(
                &shape, features, flow.spare, total + step.classifier.slot.weight, total + step.classifier.slot.bias)
            // What dropout set to zero, the mask takes away; what it kept, it doubled.
            let isMasked = step.input.isRectified
            if dropout != nil, isMasked {
                kernels.add(step.scores.picture, flow.spare, flow.spare, flow.spare)
            }
            kernels.pointwise_backward_data(
                &shape, flow.spare, memory.prepared + step.classifier.transposed, 0,
                isMasked ? UnsafePointer(features) : nil, input)
            if let dropout, !isMasked {
                drawDropout(dropout(picture), step, memory)
                kernels.dropout(step.input.picture, dropoutWords(memory), input)
            }
        }
    }

    /// What of a picture's gradients the padding has, whose scores are biases, rectified as the others are; the rest is left for its pixels.
    private func takeBorder(
        _ step: HeadStep, _ picture: Int, _ memory: Memory, _ total: UnsafeMutablePointer<Float>
    ) {
        let slot = step.classifier.slot
        let (gradient, bias) = (logitGradient(picture, memory), memory.parameters + slot.bias)
        for channel in 0..<slot.panels * 16 {
            if !step.scores.isRectified || bias[channel] > 0 {
                total[slot.bias + channel] += gradient[channel] * step.border
            }
            gradient[channel] *= step.inside
        }
    }

    private func backward(
        _ step: FireStep, _ group: Range<Int>, _ memory: Memory, _ flow: Flow, isFirst: Bool,
        _ total: UnsafeMutablePointer<Float>
    ) {
        let kernels = memory.kernels.pointee
        var squeeze = step.squeeze.shape
        var expand = step.expand1.shape
        let squeezeGradient = memory.arena + squeezeGradient
        let expandedGradient = backwardShortcut(step, group, memory, flow, total)
        for (place, picture) in group.enumerated() {
            let gradient = expandedGradient + place * step.output.picture
            kernels.pointwise_backward_weights(
                &expand, memory(step.squeezed, picture), gradient, total + step.expand1.slot.weight,
                total + step.expand1.slot.bias)
            kernels.pointwise_backward_data(
                &expand, gradient, memory.prepared + step.expand1.transposed, 0, nil,
                squeezeGradient + place * step.squeezed.picture)
        }
        var conv3x3 = step.expand3Shape
        kernels.conv3x3_backward(
            &conv3x3, Int32(group.count), isFirst ? 0 : 1, memory(step.squeezed, group.lowerBound),
            expandedGradient + step.expand3Offset, memory.prepared + step.expand3Backward, squeezeGradient,
            memory.arena + step.expand3Gradient, total + step.expand3.bias, memory.own + work)
        kernels.relu_backward(
            group.count * step.squeezed.picture, memory(step.squeezed, group.lowerBound), squeezeGradient)

        let accumulates: Int32 = if case .none = step.shortcut { 0 } else { 1 }
        for (place, picture) in group.enumerated() {
            let input = memory(step.input, picture)
            let gradient = squeezeGradient + place * step.squeezed.picture
            kernels.pointwise_backward_weights(
                &squeeze, input, gradient, total + step.squeeze.slot.weight, total + step.squeeze.slot.bias)
            kernels.pointwise_backward_data(
                &squeeze, gradient, memory.prepared + step.squeeze.transposed, accumulates,
                step.input.isRectified ? UnsafePointer(input) : nil, flow.input + place * step.input.picture)
        }
    }

    /// With a shortcut the output's gradient has two ways to go: around the expand layers, to the input, and into them, behind their
    /// ReLU. Returns the gradient of what they computed.
    private func backwardShortcut(
        _ step: FireStep, _ group: Range<Int>, _ memory: Memory, _ flow: Flow, _ total: UnsafeMutablePointer<Float>
    ) -> UnsafeMutablePointer<Float> {
        let kernels = memory.kernels.pointee
        let count = group.count * step.output.picture
        switch step.shortcut {
        case .none: return flow.output
        case .identity: flow.input.update(from: flow.output, count: count)
        case .convolution(let layer):
            var shape = layer.shape
            for (place, picture) in group.enumerated() {
                let gradient = flow.output + place * step.output.picture
                kernels.pointwise_backward_weights(
                    &shape, memory(step.input, picture), gradient, total + layer.slot.weight, total + layer.slot.bias)
                kernels.pointwise_backward_data(
                    &shape, gradient, memory.prepared + layer.transposed, 0, nil,
                    flow.input + place * step.input.picture)
            }
        }
        flow.spare.update(from: flow.output, count: count)
        kernels.relu_backward(count, memory(step.expanded, group.lowerBound), flow.spare)
        return flow.spare
    }

    private func backward(_ step: PoolStep, _ group: Range<Int>, _ memory: Memory, _ flow: Flow) {
        var shape = step.shape
        for (place, picture) in group.enumerated() {
            memory.kernels.pointee.maxpool_backward(
                &shape, memory(step.input, picture), memory(step.output, picture),
                flow.output + place * step.output.picture, flow.input + place * step.input.picture)
        }
    }

    private func backward(
        _ step: StemStep, _ group: Range<Int>, _ memory: Memory, _ flow: Flow, _ total: UnsafeMutablePointer<Float>
    ) {
        var shape = step.shape
        for (place, picture) in group.enumerated() {
            memory.kernels.pointee.stem_backward(
                &shape, memory.input(step.input, picture), flow.output + place * step.output.picture,
                total + step.slot.weight,
                total + step.slot.bias)
        }
    }

    private func backward(
        _ step: StemPoolStep, _ group: Range<Int>, _ memory: Memory, _ flow: Flow, _ total: UnsafeMutablePointer<Float>
    ) {
        var shape = step.shape
        for (place, picture) in group.enumerated() {
            memory.kernels.pointee.stem_pool_backward(
                &shape, memory.input(step.input, picture), flow.output + place * step.output.picture,
                places(step, picture, memory), total + step.slot.weight, total + step.slot.bias, memory.own + work)
        }
    }
}
