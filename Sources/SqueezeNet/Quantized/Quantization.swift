/// Whole numbers of weights in single precision.
extension QuantizedWeights {
    /// Whole numbers for activations of eight bits.
    /// - Parameters:
    ///   - steps: the activations', as `Calibration` finds them.
    ///   - scales: the filters', where the weights were learnt for these; else `scales(for:of:bits:)`.
    ///   - compensations: the layers', as `Calibration` finds them; where there is none, each weight becomes the nearest.
    public init(
        quantizing weights: Weights, of network: Network, bits: Int = 8, steps: [ActivationStep],
        scales given: [Float]? = nil,
        compensations: [Compensation?]? = nil
    ) throws(EngineError) {
        let layout = QuantizedLayout(network)
        try Self.check(steps, layout)
        let usual = given ?? Self.scales(for: weights, of: network, bits: bits)
        precondition(usual.count == layout.filters)
        precondition(steps.count == layout.activations.count && weights.values.count == network.parameterCount)
        var values: [Int8] = []
        var scales: [Float] = []
        var biases: [Int32] = []
        for (place, (layer, part)) in zip(layout.layers, Self.layerBits(of: network, bits)).enumerated() {
            let compensation = compensations?[place]
            let rounding = FilterRounding(kernel: layer.convolution.kernel, bits: part.bits)
            let (weight, bias) = (
                network.parameters[layer.convolution.parameter], network.parameters[layer.convolution.parameter + 1]
            )
            let count = weight.count / layer.convolution.filters
            let (input, output) = (steps[layer.input].size, layer.output.map { steps[$0] } ?? ActivationStep(size: 1))
            for filter in 0..<layer.convolution.filters {
                let own = weights.values[weight.offset + filter * count..<weight.offset + (filter + 1) * count]
                let bias = weights.values[bias.offset + filter]
                // As large as the bias needs it too, and the output's zero.
                let scale = max(
                    usual[layer.filter + filter], abs(bias) / (input * Float(Self.largestBias)),
                    1.001 * output.depth / (input * Float(Self.largestZero)))
                guard scale.isFinite else { throw .quantization("some of its weights are not finite") }
                var wholes: [Float]?
                var whole = Double(bias) / Double(scale)
                if var filter = compensation?.filter(own, bias: bias, unit: scale) {
                    let best = rounding.wholes(of: &filter)
                    if rounding.allows(best) { (wholes, whole) = (best, filter.bias) }
                }
                values += (wholes ?? rounding.wholes(of: own, scale: scale)).map(Int8.init)
                scales.append(scale)
                whole = (whole / Double(input)).rounded(.toNearestOrEven)
                biases.append(Int32(min(Double(Self.largestBias), max(-Double(Self.largestBias), whole))))
            }
        }
        try self.init(network, bits: bits, values: values, scales: scales, biases: biases, steps: steps)
    }

    /// What a filter's whole numbers are multiplied by, of all convolutions in the order of `Network.parameters`: of the least squared
    /// error.
    public static func scales(for weights: Weights, of network: Network, bits: Int) -> [Float] {
        zip(network.convolutions, layerBits(of: network, bits)).flatMap { layer, part in
            let rounding = FilterRounding(kernel: layer.weight.shape[3], bits: part.bits)
            let count = layer.weight.count / layer.bias.count
            return (0..<layer.bias.count).map { filter in
                let start = layer.weight.offset + filter * count
                return max(rounding.scale(of: weights.values[start..<start + count]), usual.lowerBound)
            }
        }
    }
}
