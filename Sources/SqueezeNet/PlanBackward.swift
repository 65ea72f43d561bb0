internal import CSqueezeKernels

extension Plan {
    /// Where the gradient of a step's output is and where that of its input goes; `spare` is free.
    private struct Flow {
        var output: UnsafeMutablePointer<Float>
        var input: UnsafeMutablePointer<Float>
        var spare: UnsafeMutablePointer<Float>

        mutating func next() {
            swap(&output, &input)
        }
    }

    /// After `forward`: adds the gradients of the chunk's first `pictures` to `gradients` (packed as the parameters; those of
    /// 3×3 weights to the arena until `finishGradients`). `logitGradient` is where each picture's logit gradients are.
    func backward(
        _ pictures: Int, _ memory: Memory, dropout: ((Int) -> CounterRandom)?, into total: UnsafeMutablePointer<Float>
    ) {
        var flow = Flow(
            output: memory.arena + gradients.0, input: memory.arena + gradients.1, spare: memory.arena + gradients.2)
        for step in steps.reversed() {
            switch step {
            case .stem(let step): backward(step, pictures, memory, flow, total)
            case .pool(let step): backward(step, pictures, memory, flow)
            case .fire(let step): backward(step, pictures, memory, &flow, total)
            case .head(let step): backward(step, pictures, memory, flow, dropout, total)
            }
            flow.next()
        }
    }

    /// The gradients of a picture's logits, which the loss fills in between `forward` and `backward`.
    func logitGradient(_ picture: Int, _ memory: Memory) -> UnsafeMutablePointer<Float> {
        memory(logits, chunk + picture)
    }

    /// Clears what `backward` adds to.
    func clearGradients(_ memory: Memory, _ total: UnsafeMutablePointer<Float>) {
        total.update(repeating: 0, count: packed.count)
        (memory.arena + kernelGradients.lowerBound).update(repeating: 0, count: kernelGradients.count)
    }

    /// Brings the 3×3 weight gradients from the kernels' own form into `total`.
    func finishGradients(_ memory: Memory, _ total: UnsafeMutablePointer<Float>) {
        for case .fire(let step) in steps {
            var shape = step.conv3x3Shape
            memory.kernels.pointee.conv3x3_finish(
                &shape, memory.arena + step.expand3Gradient, total + step.expand3.weight)
        }
    }

    private func backward(
        _ step: HeadStep, _ pictures: Int, _ memory: Memory, _ flow: Flow, _ dropout: ((Int) -> CounterRandom)?,
        _ total: UnsafeMutablePointer<Float>
    ) {
        let kernels = memory.kernels.pointee
        var shape = step.shape
        for picture in 0..<pictures {
            let features = memory(step.input, picture)
            let input = flow.input + picture * step.input.picture
            kernels.average_backward(
                shape.rows, shape.out_panels, memory(step.scores, picture), logitGradient(picture, memory), flow.spare)
            kernels.pointwise_backward_weights(
                &shape, features, flow.spare, total + step.slot.weight, total + step.slot.bias)
            kernels.pointwise_backward_data(
                &shape, flow.spare, memory.prepared + step.transposed, 0,
                step.input.isRectified ? UnsafePointer(features) : nil,
                input)
            if let dropout {
                drawDropout(dropout(picture), step, memory)
                kernels.dropout(step.input.picture, dropoutWords(memory), input)
            }
        }
    }

    private func backward(
        _ step: FireStep, _ pictures: Int, _ memory: Memory, _ flow: inout Flow, _ total: UnsafeMutablePointer<Float>
    ) {
        let kernels = memory.kernels.pointee
        var squeeze = step.squeezeShape
        var expand = step.expandShape
        var conv3x3 = step.conv3x3Shape
        let squeezeGradient = memory.arena + squeezeGradient

        // With a shortcut the output's gradient has two ways to go: into the expand layers, behind their ReLU, and around them.
        var expandedGradient = flow.output
        var accumulates: Int32 = 0
        switch step.shortcut {
        case .none: break
        case .identity, .convolution:
            expandedGradient = flow.spare
            expandedGradient.update(from: flow.output, count: pictures * step.output.picture)
            kernels.relu_backward(pictures * step.output.picture, memory(step.expanded, 0), expandedGradient)
            accumulates = 1
        }
        switch step.shortcut {
        case .none: break
        case .identity: swap(&flow.output, &flow.input)
        case .convolution(var shape, let slot, let transposed):
            for picture in 0..<pictures {
                let gradient = flow.output + picture * step.output.picture
                kernels.pointwise_backward_weights(
                    &shape, memory(step.input, picture), gradient, total + slot.weight, total + slot.bias)
                kernels.pointwise_backward_data(
                    &shape, gradient, memory.prepared + transposed, 0, nil, flow.input + picture * step.input.picture)
            }
        }

        for picture in 0..<pictures {
            let gradient = expandedGradient + picture * step.output.picture
            kernels.pointwise_backward_weights(
                &expand, memory(step.squeezed, picture), gradient, total + step.expand1.weight,
                total + step.expand1.bias)
            kernels.pointwise_backward_data(
                &expand, gradient, memory.prepared + step.expand1Transposed, 0, nil,
                squeezeGradient + picture * step.squeezed.picture)
        }
        kernels.conv3x3_backward(
            &conv3x3, Int32(pictures), memory(step.squeezed, 0), expandedGradient + step.expand3Offset,
            memory.prepared + step.expand3Backward, squeezeGradient, memory.arena + step.expand3Gradient,
            total + step.expand3.bias, memory.arena + work)
        kernels.relu_backward(pictures * step.squeezed.picture, memory(step.squeezed, 0), squeezeGradient)
        for picture in 0..<pictures {
            let input = memory(step.input, picture)
            let gradient = squeezeGradient + picture * step.squeezed.picture
            kernels.pointwise_backward_weights(
                &squeeze, input, gradient, total + step.squeeze.weight, total + step.squeeze.bias)
            kernels.pointwise_backward_data(
                &squeeze, gradient, memory.prepared + step.squeezeTransposed, accumulates,
                step.input.isRectified ? UnsafePointer(input) : nil, flow.input + picture * step.input.picture)
        }
    }

    private func backward(_ step: PoolStep, _ pictures: Int, _ memory: Memory, _ flow: Flow) {
        var shape = step.shape
        for picture in 0..<pictures {
            memory.kernels.pointee.maxpool_backward(
                &shape, memory(step.input, picture), memory(step.output, picture),
                flow.output + picture * step.output.picture, flow.input + picture * step.input.picture)
        }
    }

    private func backward(
        _ step: StemStep, _ pictures: Int, _ memory: Memory, _ flow: Flow, _ total: UnsafeMutablePointer<Float>
    ) {
        var shape = step.shape
        for picture in 0..<pictures {
            memory.kernels.pointee.stem_backward(
                &shape, memory(step.input, picture), flow.output + picture * step.output.picture,
                total + step.slot.weight, total + step.slot.bias)
        }
    }
}
