internal import CSqueezeKernels

/// A network's parameters in eight bits. A filter's weights are whole numbers times its scale, an activation whole numbers times its
/// step, a bias whole numbers times both: `Sources/CSqueezeKernels/reference_int8.h` defines what is computed.
public struct QuantizedWeights: Sendable, Equatable {
    /// The largest weight, and the smallest but for its sign.
    public static let largestWeight = 127
    /// The largest activation: 7 bits, so that sums of two products fit 16 bits. That the weights have the eighth bit loses less:
    /// CHANGELOG has the figures.
    public static let largestActivation = 127
    /// What a bias may be, so that no sum overflows.
    public static let largestBias = Int(SQZ_INT8_BIAS)

    /// The weights of all convolutions in the order of `Network.parameters`, each as PyTorch has it (OIHW).
    public let values: [Int8]
    /// A filter's, in the same order.
    public let scales: [Float]
    public let biases: [Int32]
    /// An activation's, in the order of `Network.activations`.
    public let steps: [Float]

    /// - Throws: `EngineError.quantization` if a number is missing or not what it may be.
    public init(_ network: Network, values: [Int8], scales: [Float], biases: [Int32], steps: [Float])
        throws(EngineError)
    {
        let layout = try QuantizedLayout(network)
        let weights = network.parameterCount - layout.filters
        guard values.count == weights, scales.count == layout.filters, biases.count == layout.filters,
            steps.count == layout.activations.count
        else {
            throw .quantization(
                """
                this network has \(weights) weights, \(layout.filters) filters and \(layout.activations.count) activations; given \
                are \(values.count) weights, \(scales.count) scales, \(biases.count) biases and \(steps.count) steps
                """)
        }
        guard !values.contains(.min) else {
            throw .quantization("a weight is -128; right would be -\(Self.largestWeight) to \(Self.largestWeight)")
        }
        // Of usual size, so that no product of theirs is infinite or nothing.
        guard (scales + steps).allSatisfy(Self.usual.contains) else {
            throw .quantization(
                "a scale or a step is not between \(Self.usual.lowerBound) and \(Self.usual.upperBound)")
        }
        guard biases.allSatisfy({ abs(Int($0)) <= Self.largestBias }) else {
            throw .quantization("a bias is not between -\(Self.largestBias) and \(Self.largestBias)")
        }
        self.values = values
        self.scales = scales
        self.biases = biases
        self.steps = steps
    }

    private static let usual: ClosedRange<Float> = 1e-20...1e20

    /// The nearest whole numbers.
    /// - Parameter steps: the activations', as `Calibration` finds them.
    public init(quantizing weights: Weights, of network: Network, steps: [Float]) throws(EngineError) {
        let layout = try QuantizedLayout(network)
        precondition(steps.count == layout.activations.count && weights.values.count == network.parameterCount)
        var values: [Int8] = []
        var scales: [Float] = []
        var biases: [Int32] = []
        for layer in layout.layers {
            let (weight, bias) = (
                network.parameters[layer.convolution.parameter], network.parameters[layer.convolution.parameter + 1]
            )
            let count = weight.count / layer.convolution.filters
            for filter in 0..<layer.convolution.filters {
                let own = weights.values[weight.offset + filter * count..<weight.offset + (filter + 1) * count]
                let bias = weights.values[bias.offset + filter]
                let largest = own.reduce(0) { max($0, abs($1)) }
                // As large as the bias needs it too.
                let scale = max(
                    largest / Float(Self.largestWeight), abs(bias) / (steps[layer.input] * Float(Self.largestBias)),
                    Self.usual.lowerBound)
                guard scale.isFinite else { throw .quantization("some of its weights are not finite") }
                let bound = Float(Self.largestWeight)
                values += own.map { Int8(min(bound, max(-bound, ($0 / scale).rounded(.toNearestOrEven)))) }
                scales.append(scale)
                let whole = (Double(bias) / (Double(scale) * Double(steps[layer.input]))).rounded(.toNearestOrEven)
                biases.append(Int32(min(Double(Self.largestBias), max(-Double(Self.largestBias), whole))))
            }
        }
        try self.init(network, values: values, scales: scales, biases: biases, steps: steps)
    }

    /// As `Weights.scalingLogits`: the whole sums stay, and what a class's stands for is scaled.
    public func scalingLogits(_ network: Network, by factor: Float) throws(EngineError) -> QuantizedWeights {
        precondition(factor > 0)
        let first = scales.count - network.classes
        // One that is as small as it may be is of a filter of zeros.
        let scaled = scales.enumerated().map { $0 < first ? $1 : max($1 * factor, Self.usual.lowerBound) }
        return try Self(network, values: values, scales: scaled, biases: biases, steps: steps)
    }

    /// The numbers that these stand for.
    /// - Precondition: they are this network's.
    public func weights(of network: Network) -> Weights {
        let layout: QuantizedLayout
        do throws(EngineError) { layout = try QuantizedLayout(network) } catch {
            preconditionFailure("\(error)")
        }
        var floats = [Float](repeating: 0, count: network.parameterCount)
        var next = 0
        for layer in layout.layers {
            let (weight, bias) = (
                network.parameters[layer.convolution.parameter], network.parameters[layer.convolution.parameter + 1]
            )
            let count = weight.count / layer.convolution.filters
            for filter in 0..<layer.convolution.filters {
                let scale = scales[layer.filter + filter]
                for place in 0..<count {
                    floats[weight.offset + filter * count + place] = scale * Float(values[next])
                    next += 1
                }
                floats[bias.offset + filter] = Float(
                    Double(biases[layer.filter + filter]) * Double(scale) * Double(steps[layer.input]))
            }
        }
        return Weights(values: floats)
    }

    /// What makes a byte of a filter's sum: its scale times the input's step, in 2³² of the output's.
    static func multiplier(scale: Float, input: Float, output: Float) -> UInt32 {
        let whole = (Double(scale) * Double(input) / Double(output) * 4_294_967_296).rounded(.toNearestOrEven)
        return UInt32(min(whole, Double(UInt32.max)))
    }
}

extension Network {
    /// What stands between the layers of a network of eight bits, by name.
    /// - Throws: `EngineError.quantization` where there can be none.
    public var activations: [String] {
        get throws(EngineError) { try QuantizedLayout(self).activations }
    }
}
