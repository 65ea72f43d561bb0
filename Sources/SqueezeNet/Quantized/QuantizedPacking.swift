internal import CSqueezeKernels

extension QuantizedPlan {
    /// Every convolution's place, in the order of `QuantizedLayout.layers`.
    private var slots: [Slot] {
        steps.flatMap { step -> [Slot] in
            switch step {
            case .stem(let stem): [stem.slot]
            case .squeeze(let fire): [fire.squeeze, fire.expand1, fire.expand3] + (fire.bypass.map { [$0] } ?? [])
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
    ) {
        let layout = QuantizedLayout(network)
        weights.values.withUnsafeBufferPointer { values in
            var first = 0
            for (layer, slot) in zip(layout.layers, slots) {
                let count =
                    layer.convolution.filters * layer.convolution.inputs * layer.convolution.kernel
                    * layer.convolution.kernel
                let own = UnsafeBufferPointer(rebasing: values[first..<first + count])
                pack(own, layer.convolution, slot, parameters, kernels)
                packSums(weights, own, layer, slot, parameters)
                first += count
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

    /// Biases and multipliers. A bias takes back what the input's zero adds to the sum, and where a byte is made of it adds the output's
    /// zero, and half a step.
    private func packSums(
        _ weights: QuantizedWeights, _ values: UnsafeBufferPointer<Int8>, _ layer: QuantizedLayout.Layer, _ slot: Slot,
        _ parameters: UnsafeMutableRawPointer
    ) {
        let biases = (parameters + slot.biases).assumingMemoryBound(to: Int32.self)
        let multipliers = (parameters + slot.multipliers).assumingMemoryBound(to: UInt32.self)
        let (inputZero, each) = (Int32(weights.steps[layer.input].zero), values.count / layer.convolution.filters)
        for filter in 0..<layer.convolution.filters {
            biases[filter] = weights.biases[layer.filter + filter]
            if inputZero > 0 {
                let own = values[filter * each..<(filter + 1) * each]
                biases[filter] -= inputZero * own.reduce(0) { $0 + Int32($1) }
            }
            guard let output = layer.output else { continue }
            multipliers[filter] = QuantizedWeights.multiplier(
                scale: weights.scales[layer.filter + filter], input: weights.steps[layer.input].size,
                output: weights.steps[output].size)
            biases[filter] += Self.bias(ofZero: weights.steps[output].zero, multiplier: multipliers[filter])
            biases[filter] += sqz_int8_half(multipliers[filter])
        }
    }

    /// What becomes of a sum's byte the zero: so many 2³² of a step.
    private static func bias(ofZero zero: UInt8, multiplier: UInt32) -> Int32 {
        guard zero > 0 else { return 0 }
        return Int32((UInt64(zero) << 32 + UInt64(multiplier / 2)) / UInt64(multiplier))
    }
}
