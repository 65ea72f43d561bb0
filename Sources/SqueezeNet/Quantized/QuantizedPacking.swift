internal import CSqueezeKernels

extension QuantizedPlan {
    /// Every convolution's place, in the order of `QuantizedLayout.layers`.
    private var slots: [Slot] {
        steps.flatMap { step -> [Slot] in
            switch step {
            case .stem(let stem): [stem.slot]
            case .squeeze(let fire): [fire.squeeze, fire.expand1, fire.expand3]
            case .head(let head): [head.slot]
            case .pool, .expand, .add: []
            }
        }
    }

    /// Brings the weights into the forms that the kernels read.
    /// - Parameter parameters: zeroed memory of `parameterBytes`.
    func pack(
        _ weights: QuantizedWeights, of network: Network, into parameters: UnsafeMutableRawPointer,
        kernels: UnsafePointer<sqz_kernels>
    ) throws(EngineError) {
        let layout = try QuantizedLayout(network)
        weights.values.withUnsafeBufferPointer { values in
            var first = 0
            for (layer, slot) in zip(layout.layers, slots) {
                let count =
                    layer.convolution.filters * layer.convolution.inputs * layer.convolution.kernel
                    * layer.convolution.kernel
                pack(
                    UnsafeBufferPointer(rebasing: values[first..<first + count]), layer.convolution, slot, parameters,
                    kernels)
                first += count
                packSums(weights, layer, slot, parameters)
            }
        }
    }

    private func pack(
        _ values: UnsafeBufferPointer<Int8>, _ convolution: ShapedBlock.Convolution, _ slot: Slot,
        _ parameters: UnsafeMutableRawPointer, _ kernels: UnsafePointer<sqz_kernels>
    ) {
        let (inputs, kernel) = (convolution.inputs, convolution.kernel)
        let target = parameters + slot.weights
        if inputs == 3 {
            let to = target.assumingMemoryBound(to: Int16.self)
            let run = Int(sqz_int8_stem_run(Int32(kernel)))
            for filter in 0..<convolution.filters {
                for input in 0..<3 {
                    for row in 0..<kernel {
                        for column in 0..<kernel {
                            let tap = column * 3 + input
                            let place =
                                ((filter / 16 * kernel + row) * run + tap / 2 * 2) * 16 + filter % 16 * 2 + tap % 2
                            to[place] = Int16(values[((filter * 3 + input) * kernel + row) * kernel + column])
                        }
                    }
                }
            }
        } else if kernel == 3 {
            var shape = sqz_int8_conv3x3()
            (shape.size, shape.inputs, shape.out_panels) = (Int32(slot.size), Int32(inputs), Int32(slot.panels))
            kernels.pointee.int8_conv3x3_prepare(
                &shape, values.baseAddress!, target.assumingMemoryBound(to: Int16.self))
        } else {
            let to = target.assumingMemoryBound(to: Int8.self)
            for filter in 0..<convolution.filters {
                for input in 0..<inputs {
                    to[(filter / 16 * inputs + input / 4 * 4) * 16 + filter % 16 * 4 + input % 4] =
                        values[filter * inputs + input]
                }
            }
        }
    }

    /// Biases, with half a step where a byte is made of the sum, and multipliers.
    private func packSums(
        _ weights: QuantizedWeights, _ layer: QuantizedLayout.Layer, _ slot: Slot, _ parameters: UnsafeMutableRawPointer
    ) {
        let biases = (parameters + slot.biases).assumingMemoryBound(to: Int32.self)
        let multipliers = (parameters + slot.multipliers).assumingMemoryBound(to: UInt32.self)
        for filter in 0..<layer.convolution.filters {
            biases[filter] = weights.biases[layer.filter + filter]
            guard let output = layer.output else { continue }
            multipliers[filter] = QuantizedWeights.multiplier(
                scale: weights.scales[layer.filter + filter], input: weights.steps[layer.input],
                output: weights.steps[output])
            biases[filter] += sqz_int8_half(multipliers[filter])
        }
    }
}
