/// Whole numbers of weights in single precision.
extension QuantizedWeights {
    /// The nearest whole numbers, for activations of eight bits.
    /// - Parameters:
    ///   - steps: the activations', as `Calibration` finds them.
    ///   - scales: the filters', where the weights were learnt for these; else `scales(for:of:bits:)`.
    public init(
        quantizing weights: Weights, of network: Network, bits: Int = 8, steps: [Float], scales given: [Float]? = nil
    ) throws(EngineError) {
        let layout = try QuantizedLayout(network)
        let usual = given ?? Self.scales(for: weights, of: network, bits: bits)
        precondition(usual.count == layout.filters)
        precondition(steps.count == layout.activations.count && weights.values.count == network.parameterCount)
        var values: [Int8] = []
        var scales: [Float] = []
        var biases: [Int32] = []
        for (layer, part) in zip(layout.layers, Self.layerBits(of: network, bits)) {
            let rounding = FilterRounding(kernel: layer.convolution.kernel, bits: part.bits)
            let (weight, bias) = (
                network.parameters[layer.convolution.parameter], network.parameters[layer.convolution.parameter + 1]
            )
            let count = weight.count / layer.convolution.filters
            for filter in 0..<layer.convolution.filters {
                let own = weights.values[weight.offset + filter * count..<weight.offset + (filter + 1) * count]
                let bias = weights.values[bias.offset + filter]
                // As large as the bias needs it too.
                let scale = max(
                    usual[layer.filter + filter], abs(bias) / (steps[layer.input] * Float(Self.largestBias)))
                guard scale.isFinite else { throw .quantization("some of its weights are not finite") }
                values += rounding.wholes(of: own, scale: scale).map(Int8.init)
                scales.append(scale)
                let whole = (Double(bias) / (Double(scale) * Double(steps[layer.input]))).rounded(.toNearestOrEven)
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

/// Neighbouring whole numbers that are allowed: where two of one sign come to more than `largestPair`, both are less by half of what is
/// too much, since then the squared error is least.
func fittingPair<Vector: SIMD>(_ first: Vector, _ second: Vector) -> (Vector, Vector) where Vector.Scalar == Float {
    let sum = first + second
    let sign = Vector(repeating: 1).replacing(with: -1, where: sum .< 0)
    let excess = (sum * sign - Float(QuantizedWeights.largestPair)).replacing(with: 0, where: first * second .<= 0)
        .clamped(lowerBound: Vector(repeating: 0), upperBound: Vector(repeating: .infinity))
    let half = (excess / 2).rounded(.up)
    return (first - sign * half, second - sign * (excess - half))
}

/// How a convolution's filters become whole numbers.
private struct FilterRounding {
    private let bound: Float
    private let hasPairs: Bool
    /// What whole number the largest weight may come to. Of few bits one that is beyond the bound and cut, because large weights are rare;
    /// a smaller one where pairs would be cut.
    private let tops: [Float]
    private let isSummed: Bool

    init(kernel: Int, bits: Int) {
        let bound = Float(QuantizedWeights.largestWeight(of: bits))
        self.bound = bound
        hasPairs = QuantizedWeights.hasPairs(kernel: kernel, bits: bits)
        isSummed = kernel == 3
        tops =
            if bits < QuantizedWeights.allowedBits.upperBound {
                (40...100).map { bound * 100 / Float($0) }
            } else if hasPairs {
                stride(from: bound, through: Float(QuantizedWeights.largestPair) / 2, by: -1).map { $0 }
            } else {
                [bound]
            }
    }

    /// The nearest that are allowed.
    func wholes(of weights: ArraySlice<Float>, scale: Float) -> [Float] {
        var wholes = weights.map { min(bound, max(-bound, ($0 / scale).rounded(.toNearestOrEven))) }
        guard hasPairs else { return wholes }
        for first in stride(from: 0, to: wholes.count, by: 2) {
            let pair = fittingPair(SIMD2(repeating: wholes[first]), SIMD2(repeating: wholes[first + 1]))
            (wholes[first], wholes[first + 1]) = (pair.0[0], pair.1[0])
        }
        return wholes
    }

    /// What a whole number stands for: the first of those that are as good.
    func scale(of weights: ArraySlice<Float>) -> Float {
        let largest = weights.reduce(0) { max($0, abs($1)) }
        guard tops.count > 1, (largest / bound).isNormal else {
            // Half of the weights' number, because each may be rounded up.
            let rest = Float(QuantizedWeights.largestFilter - weights.count / 2 - 1)
            return isSummed ? max(largest / bound, weights.reduce(0) { $0 + abs($1) } / rest) : largest / bound
        }
        func error(_ scale: Float) -> Double {
            zip(weights, wholes(of: weights, scale: scale)).reduce(0) { sum, pair in
                let difference = Double(pair.0) - Double(pair.1) * Double(scale)
                return sum + difference * difference
            }
        }
        return tops.map { largest / $0 }.map { ($0, error($0)) }.min { $0.1 < $1.1 }!.0
    }
}
