internal import CSqueezeKernels

/// The memory that a thread computes with: its own arena, and the parameters that all threads read.
struct Memory {
    let arena: UnsafeMutablePointer<Float>
    let parameters: UnsafePointer<Float>
    let prepared: UnsafePointer<Float>
    let kernels: UnsafePointer<sqz_kernels>

    func callAsFunction(_ tensor: Plan.Tensor, _ picture: Int) -> UnsafeMutablePointer<Float> {
        arena + tensor.offset + picture * tensor.picture
    }
}

extension Plan {
    /// Puts a standardized picture into the chunk.
    func load(
        _ picture: UnsafePointer<UInt8>, at place: Int, _ preprocessing: Preprocessing,
        augmentation: Preprocessing.Augmentation?, _ memory: Memory
    ) {
        var crop = preprocessing.crop(augmentation, pitch: inputPitch)
        memory.kernels.pointee.standardize(&crop, picture, memory(input, place) + inputOrigin)
    }

    /// Computes the logits of the chunk's first `pictures`. In training, with `dropout`, picture i uses the generator dropout(i).
    func forward(_ pictures: Int, _ memory: Memory, dropout: ((Int) -> CounterRandom)? = nil) {
        for step in steps {
            switch step {
            case .stem(let step): forward(step, pictures, memory)
            case .pool(let step): forward(step, pictures, memory)
            case .fire(let step): forward(step, pictures, memory)
            case .head(let step): forward(step, pictures, memory, dropout: dropout)
            }
        }
    }

    private func forward(_ step: StemStep, _ pictures: Int, _ memory: Memory) {
        var shape = step.shape
        for picture in 0..<pictures {
            memory.kernels.pointee.stem_forward(
                &shape, memory(step.input, picture), memory.parameters + step.slot.weight,
                memory.parameters + step.slot.bias, memory(step.output, picture))
        }
    }

    private func forward(_ step: PoolStep, _ pictures: Int, _ memory: Memory) {
        var shape = step.shape
        for picture in 0..<pictures {
            memory.kernels.pointee.maxpool_forward(&shape, memory(step.input, picture), memory(step.output, picture))
        }
    }

    private func forward(_ step: FireStep, _ pictures: Int, _ memory: Memory) {
        let kernels = memory.kernels.pointee
        var squeeze = step.squeezeShape
        var expand = step.expandShape
        var conv3x3 = step.conv3x3Shape
        for picture in 0..<pictures {
            kernels.pointwise_forward(
                &squeeze, memory(step.input, picture), memory.parameters + step.squeeze.weight,
                memory.parameters + step.squeeze.bias, memory(step.squeezed, picture))
            kernels.pointwise_forward(
                &expand, memory(step.squeezed, picture), memory.parameters + step.expand1.weight,
                memory.parameters + step.expand1.bias, memory(step.expanded, picture))
        }
        var part = sqz_conv3x3_part(
            first_tile: 0, last_tile: step.tiles * Int32(pictures), first_panel: 0, last_panel: conv3x3.out_panels)
        kernels.conv3x3_forward(
            &conv3x3, &part, memory(step.squeezed, 0), memory.prepared + step.expand3Forward,
            memory.parameters + step.expand3.bias, memory(step.expanded, 0) + step.expand3Offset, memory.arena + work)
        for picture in 0..<pictures {
            addShortcut(
                step, memory(step.input, picture), memory(step.expanded, picture), memory(step.output, picture), memory)
        }
    }

    private func addShortcut(
        _ step: FireStep, _ input: UnsafePointer<Float>, _ expanded: UnsafePointer<Float>,
        _ output: UnsafeMutablePointer<Float>, _ memory: Memory
    ) {
        switch step.shortcut {
        case .none: break
        case .identity: memory.kernels.pointee.add(step.output.picture, expanded, input, output)
        case .convolution(var shape, let slot, _):
            memory.kernels.pointee.pointwise_forward(
                &shape, input, memory.parameters + slot.weight, memory.parameters + slot.bias, output)
            memory.kernels.pointee.add(step.output.picture, expanded, output, output)
        }
    }

    private func forward(
        _ step: HeadStep, _ pictures: Int, _ memory: Memory, dropout: ((Int) -> CounterRandom)?
    ) {
        let kernels = memory.kernels.pointee
        var shape = step.shape
        for picture in 0..<pictures {
            if let dropout {
                drawDropout(dropout(picture), step, memory)
                kernels.dropout(step.input.picture, dropoutWords(memory), memory(step.input, picture))
            }
            kernels.pointwise_forward(
                &shape, memory(step.input, picture), memory.parameters + step.slot.weight,
                memory.parameters + step.slot.bias, memory(step.scores, picture))
            kernels.average_forward(
                shape.rows, shape.out_panels, memory(step.scores, picture), memory(step.logits, picture))
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

extension Plan.FireStep {
    /// Winograd tiles of one picture.
    var tiles: Int32 { (conv3x3Shape.height + 3) / 4 * ((conv3x3Shape.width + 3) / 4) }
    /// Where the 3×3 filters' half of the output begins.
    var expand3Offset: Int { Int(expandShape.out_panels) * expandShape.out_stride }
}
