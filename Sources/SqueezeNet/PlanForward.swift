internal import CSqueezeKernels

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
        for stage in stages {
            for start in stride(from: 0, to: pictures, by: stage.group) {
                let group = start..<min(pictures, start + stage.group)
                for step in stage.steps {
                    switch step {
                    case .stem(let step): forward(step, group, memory)
                    case .stemPool(let step): forward(step, group, memory)
                    case .pool(let step): forward(step, group, memory)
                    case .fire(let step): forward(step, group, memory)
                    case .head(let step): forward(step, group, memory, dropout: dropout)
                    }
                }
            }
        }
    }

    private func forward(_ step: StemStep, _ group: Range<Int>, _ memory: Memory) {
        memory.share { share in
            var shape = step.shape
            if let prepared = step.prepared {
                let triples = share.range(of: Int(shape.height + 2) / 3)
                for picture in group {
                    memory.kernels.pointee.stem7_forward(
                        &shape, Int32(triples.lowerBound), Int32(triples.upperBound), memory(step.input, picture),
                        memory.prepared + prepared, memory.parameters + step.slot.bias, memory(step.output, picture),
                        share.work)
                }
                return
            }
            let rows = share.range(of: Int(shape.height))
            for picture in group {
                memory.kernels.pointee.stem_forward(
                    &shape, Int32(rows.lowerBound), Int32(rows.upperBound), memory(step.input, picture),
                    memory.parameters + step.slot.weight, memory.parameters + step.slot.bias,
                    memory(step.output, picture))
            }
        }
    }

    private func forward(_ step: StemPoolStep, _ group: Range<Int>, _ memory: Memory) {
        memory.share { share in
            var shape = step.shape
            let pairs = share.range(of: Int(shape.size + 1) / 2)
            for picture in group {
                memory.kernels.pointee.stem_pool_forward(
                    &shape, Int32(pairs.lowerBound), Int32(pairs.upperBound), memory(step.input, picture),
                    memory.prepared + step.prepared, memory.parameters + step.slot.bias, memory(step.output, picture),
                    isTraining ? places(step, picture, memory) : nil, share.work)
            }
        }
    }

    func places(_ step: StemPoolStep, _ picture: Int, _ memory: Memory) -> UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(memory(step.places, picture)).assumingMemoryBound(to: UInt8.self)
    }

    private func forward(_ step: PoolStep, _ group: Range<Int>, _ memory: Memory) {
        memory.share { share in
            var shape = step.shape
            let panels = share.range(of: Int(shape.panels))
            shape.panels = Int32(panels.count)
            let input = panels.lowerBound * Int(shape.in_height * shape.in_width) * 16
            let output = panels.lowerBound * Int(shape.out_height * shape.out_width) * 16
            for picture in group {
                memory.kernels.pointee.maxpool_forward(
                    &shape, memory(step.input, picture) + input, memory(step.output, picture) + output)
            }
        }
    }

    private func forward(
        _ layer: Pointwise, rows: Range<Int>, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ memory: Memory
    ) {
        var shape = layer.shape
        shape.rows = Int32(rows.count)
        memory.kernels.pointee.pointwise_forward(
            &shape, input + rows.lowerBound * 16, memory.parameters + layer.slot.weight,
            memory.parameters + layer.slot.bias, output + rows.lowerBound * 16)
    }

    private func forward(_ step: FireStep, _ group: Range<Int>, _ memory: Memory) {
        memory.share { share in
            let rows = share.range(of: Int(step.squeeze.shape.rows), unit: 8)
            for picture in group {
                forward(step.squeeze, rows: rows, memory(step.input, picture), memory(step.squeezed, picture), memory)
                forward(
                    step.expand1, rows: rows, memory(step.squeezed, picture), memory(step.expanded, picture), memory)
            }
        }
        memory.share { share in
            var shape = step.expand3Shape
            var part = part(of: step, pictures: group.count, share)
            memory.kernels.pointee.conv3x3_forward(
                &shape, &part, memory(step.squeezed, group.lowerBound), memory.prepared + step.expand3Forward,
                memory.parameters + step.expand3.bias, memory(step.expanded, group.lowerBound) + step.expand3Offset,
                share.work)
        }
        if case .none = step.shortcut { return }
        memory.share { share in
            let rows = share.range(of: Int(step.squeeze.shape.rows), unit: 8)
            for picture in group { addShortcut(step, rows: rows, picture, memory) }
        }
    }

    /// Tiles for each share if there are enough, else filters, where each share transforms all tiles.
    private func part(of step: FireStep, pictures: Int, _ share: Memory.Share) -> sqz_conv3x3_part {
        let tiles = Int(step.tiles) * pictures
        let panels = Int(step.expand3Shape.out_panels)
        let splitsTiles = tiles >= 8 * share.count
        let ownTiles = splitsTiles ? share.range(of: tiles, unit: 4) : 0..<tiles
        let ownPanels = splitsTiles ? 0..<panels : share.range(of: panels)
        return sqz_conv3x3_part(
            first_tile: Int32(ownTiles.lowerBound), last_tile: Int32(ownTiles.upperBound),
            first_panel: Int32(ownPanels.lowerBound), last_panel: Int32(ownPanels.upperBound))
    }

    private func addShortcut(_ step: FireStep, rows: Range<Int>, _ picture: Int, _ memory: Memory) {
        let output = memory(step.output, picture)
        let pixels = Int(step.squeeze.shape.rows)
        var other = UnsafePointer(memory(step.input, picture))
        if case .convolution(let layer) = step.shortcut {
            forward(layer, rows: rows, other, output, memory)
            other = UnsafePointer(output)
        }
        for panel in 0..<step.output.picture / (pixels * 16) {
            let start = (panel * pixels + rows.lowerBound) * 16
            memory.kernels.pointee.add(
                rows.count * 16, memory(step.expanded, picture) + start, other + start, output + start)
        }
    }

    private func forward(
        _ step: HeadStep, _ group: Range<Int>, _ memory: Memory, dropout: ((Int) -> CounterRandom)?
    ) {
        if let dropout {
            for picture in group {
                drawDropout(dropout(picture), step, memory)
                memory.kernels.pointee.dropout(step.input.picture, dropoutWords(memory), memory(step.input, picture))
            }
        }
        let shape = step.classifier.shape
        memory.share { share in
            let rows = share.range(of: Int(shape.rows), unit: 8)
            for picture in group {
                forward(step.classifier, rows: rows, memory(step.input, picture), memory(step.scores, picture), memory)
            }
        }
        for picture in group {
            memory.kernels.pointee.average_forward(
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
    var tiles: Int32 { (expand3Shape.height + 3) / 4 * ((expand3Shape.width + 3) / 4) }
    /// Where the 3×3 filters' half of the output begins.
    var expand3Offset: Int { Int(expand1.shape.out_panels) * expand1.shape.out_stride }
}
