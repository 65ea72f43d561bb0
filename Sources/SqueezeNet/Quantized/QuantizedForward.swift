internal import CSqueezeKernels

extension QuantizedPlan {
    /// What a thread computes with.
    struct Memory {
        /// The activations, which threads that compute one picture together have in common.
        let arena: UnsafeMutableRawPointer
        /// The thread's own arena, for scratch memory.
        let own: UnsafeMutableRawPointer
        let parameters: UnsafeRawPointer
        let kernels: UnsafePointer<sqz_kernels>

        func bytes(_ offset: Int) -> UnsafeMutablePointer<UInt8> {
            (arena + offset).assumingMemoryBound(to: UInt8.self)
        }

        fileprivate func biases(_ slot: Slot) -> UnsafePointer<Int32> {
            (parameters + slot.biases).assumingMemoryBound(to: Int32.self)
        }

        fileprivate func multipliers(_ slot: Slot) -> UnsafePointer<UInt32> {
            (parameters + slot.multipliers).assumingMemoryBound(to: UInt32.self)
        }

        fileprivate func weights<Value>(_ slot: Slot, _: Value.Type) -> UnsafePointer<Value> {
            (parameters + slot.weights).assumingMemoryBound(to: Value.self)
        }
    }

    /// Where the step's input and output lie: they take turns.
    private func places(_ step: Int) -> (input: Int, output: Int) {
        let writers = steps[..<step].count { $0.writesElsewhere }
        return writers % 2 == 0 ? (activations.1, activations.0) : (activations.0, activations.1)
    }

    /// A share of a step for some pictures.
    func forward(_ index: Int, pictures: Int, _ share: Plan.Share, _ memory: Memory) {
        let kernels = memory.kernels
        let (from, to) = places(index)
        switch steps[index] {
        case .stem(let step): forward(step, at: 0, into: to, share, memory)
        case .pool(let step):
            var shape = step.shape
            let (input, output) = (shape.in_size * shape.in_size, shape.out_size * shape.out_size)
            let rows = share.range(of: Int(shape.out_size))
            for picture in 0..<Int32(pictures) {
                kernels.pointee.int8_maxpool(
                    &shape, Int32(rows.lowerBound), Int32(rows.upperBound),
                    memory.bytes(from) + Int(picture * input * shape.channels),
                    memory.bytes(to) + Int(picture * output * shape.channels))
            }
        case .squeeze(let step):
            let pixels = share.range(of: pictures * step.size * step.size, unit: 8)
            pointwise(step.squeeze, pixels, from, squeezed, pitch: 16 * step.squeeze.panels, memory)
            pointwise(step.expand1, pixels, squeezed, to, pitch: step.pitch, memory)
            if let bypass = step.bypass { pointwise(bypass, pixels, from, bypassed, pitch: step.pitch, memory) }
        case .expand(let step): expand(step, pictures, to: from, share, memory)
        case .add(let step):
            let count = pictures * step.size * step.size * step.pitch
            let range = share.range(of: count, unit: 64)
            // What the module has read lies where it would write next.
            kernels.pointee.int8_add(
                range.count, step.shortcut!.added, step.shortcut!.expanded, most,
                memory.bytes(step.bypass == nil ? to : bypassed) + range.lowerBound,
                memory.bytes(from) + range.lowerBound)
        case .head(let step):
            let panels = share.range(of: step.slot.panels)
            for picture in 0..<pictures {
                kernels.pointee.int8_head(
                    Int32(step.pixels), Int32(step.slot.inputs), Int32(panels.lowerBound), Int32(panels.upperBound),
                    memory.bytes(from) + picture * step.pixels * step.slot.inputs,
                    memory.weights(step.slot, Int8.self), memory.biases(step.slot), sums(picture, step, memory))
            }
        }
    }

    /// The stem of the picture that the input holds.
    func forward(_ step: Stem, at picture: Int, into output: Int, _ share: Plan.Share, _ memory: Memory) {
        var shape = step.shape
        let rows = share.range(of: Int(shape.height))
        memory.kernels.pointee.int8_stem(
            &shape, Int32(rows.lowerBound), Int32(rows.upperBound),
            (memory.arena + input).assumingMemoryBound(to: Int16.self), memory.weights(step.slot, Int16.self),
            memory.biases(step.slot), memory.multipliers(step.slot),
            memory.bytes(output) + picture * Int(shape.height * shape.width) * 16 * step.slot.panels)
    }

    private func pointwise(
        _ slot: Slot, _ pixels: Range<Int>, _ from: Int, _ to: Int, pitch: Int, _ memory: Memory
    ) {
        var shape = sqz_int8_pointwise(
            pixels: Int32(pixels.count), inputs: Int32(slot.inputs), out_panels: Int32(slot.panels), out_pitch: pitch,
            most: most)
        memory.kernels.pointee.int8_pointwise(
            &shape, memory.bytes(from) + pixels.lowerBound * slot.inputs, memory.weights(slot, Int8.self),
            memory.biases(slot), memory.multipliers(slot), memory.bytes(to) + pixels.lowerBound * pitch)
    }

    /// Tiles for each share if there are enough, else filters.
    private func expand(_ step: Fire, _ pictures: Int, to: Int, _ share: Plan.Share, _ memory: Memory) {
        var shape = shape(step)
        let across = (step.size + 3) / 4
        let tiles = pictures * across * across
        let hasTiles = tiles >= 8 * share.count
        let (own, panels) = (
            hasTiles ? share.range(of: tiles, unit: 4) : 0..<tiles,
            hasTiles ? 0..<step.expand3.panels : share.range(of: step.expand3.panels)
        )
        var part = sqz_conv3x3_part(
            first_tile: Int32(own.lowerBound), last_tile: Int32(own.upperBound), first_panel: Int32(panels.lowerBound),
            last_panel: Int32(panels.upperBound))
        memory.kernels.pointee.int8_conv3x3(
            &shape, &part, memory.bytes(squeezed), memory.weights(step.expand3, Int16.self),
            memory.biases(step.expand3),
            memory.multipliers(step.expand3), memory.bytes(to) + 16 * step.expand1.panels, memory.own + work)
    }

    private func sums(_ picture: Int, _ step: Head, _ memory: Memory) -> UnsafeMutablePointer<Int64> {
        (memory.arena + sums).assumingMemoryBound(to: Int64.self) + picture * 16 * step.slot.panels
    }

    /// The logits of whole sums: the one place where they become fractions, in double precision, each by itself.
    func logits(_ picture: Int, _ memory: Memory, into logits: UnsafeMutablePointer<Float>) {
        guard case .head(let step)? = steps.last else { preconditionFailure("a network ends with its head") }
        let sums = sums(picture, step, memory)
        for (place, scale) in step.scales.enumerated() {
            logits[place] = Float(Double(sums[place] + step.borders[place]) * scale)
        }
    }
}

extension QuantizedPlan.Step {
    /// Whether what the next step reads lies in the other memory.
    fileprivate var writesElsewhere: Bool {
        switch self {
        case .stem, .pool, .squeeze: true
        case .expand, .add, .head: false
        }
    }
}
