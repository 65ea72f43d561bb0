internal import CSqueezeKernels

/// A network's parameters in eight bits. A filter's weights are whole numbers times its scale, an activation whole numbers times its
/// step, a bias whole numbers times both: `Sources/CSqueezeKernels/reference_int8.h` defines what is computed.
public struct QuantizedWeights: Sendable, Equatable {
    /// How many bits the weights between the first and the last layer may have. These two, which have few weights and lose most, keep
    /// the most.
    public static let allowedBits = 4...8

    /// The largest weight, and the smallest but for its sign.
    public static func largestWeight(of bits: Int) -> Int { (1 << (bits - 1)) - 1 }

    /// How many bits an activation has. Of eight, the weights of two neighbours are held so small that their products together fit 16
    /// bits (`largestPair`); models from before that have seven.
    public enum ActivationBits: Int, Sendable {
        case seven = 7
        case eight = 8

        /// The largest activation.
        public var largest: Int { (1 << rawValue) - 1 }
    }

    /// What the weights of inputs 0 and 1, 2 and 3, ... of a 1×1 layer may come to if they have one sign and activations eight bits:
    /// 255 · 128 fits 16 bits with a sign.
    static let largestPair = 128
    /// What the weights of a 3×3 layer's filter may come to, without their signs: Winograd's products tell sums below 2²⁵ apart
    /// (`int8_winograd.h`).
    static let largestFilter = ((1 << 25) - 1) / ActivationBits.eight.largest
    /// The largest number of the input, and the smallest but for its sign.
    public static let largestInput = Int(SQZ_INT8_INPUT)
    /// What a bias may be, so that no sum overflows.
    public static let largestBias = Int(SQZ_INT8_BIAS)
    /// What the zero of what a filter writes may come to in the filter's sums, so that none overflows (`reference_int8.h`).
    static let largestZero = 1 << 29
    /// How many of a sum's steps a step of what is added may be: `int8_add` takes so many in 1/2¹⁶.
    static let largestQuotient: Float = 128

    /// How many bits a weight has of the layers between the first and the last.
    public let bits: Int
    public let activationBits: ActivationBits
    /// The weights of all convolutions in the order of `Network.parameters`, each as PyTorch has it (OIHW).
    public let values: [Int8]
    /// A filter's, in the same order.
    public let scales: [Float]
    public let biases: [Int32]
    /// An activation's, in the order of `Network.activations`.
    public let steps: [ActivationStep]

    /// - Throws: `EngineError.quantization` if a number is missing or not what it may be.
    public init(
        _ network: Network, bits: Int = 8, activationBits: ActivationBits = .eight, values: [Int8], scales: [Float],
        biases: [Int32], steps: [ActivationStep]
    ) throws(EngineError) {
        let layout = QuantizedLayout(network)
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
        precondition(Self.allowedBits.contains(bits))
        var first = 0
        for (layer, (bits, count)) in zip(layout.layers, Self.layerBits(of: network, bits)) {
            let largest = Self.largestWeight(of: bits)
            if let stranger = values[first..<first + count].first(where: { abs(Int($0)) > largest }) {
                throw .quantization("a weight of \(bits) bits is \(stranger); right would be -\(largest) to \(largest)")
            }
            let each = count / layer.convolution.filters
            for filter in stride(from: first, to: first + count, by: each) {
                try Self.check(values[filter..<filter + each], of: layer.convolution, activationBits)
            }
            first += count
        }
        // Of usual size, so that no product of theirs is infinite or nothing.
        if let stranger = scales.first(where: { !Self.usual.contains($0) }) {
            throw .quantization("a scale is \(stranger); right would be \(Self.usualText)")
        }
        try Self.check(steps, layout)
        guard biases.allSatisfy({ abs(Int($0)) <= Self.largestBias }) else {
            throw .quantization("a bias is not between -\(Self.largestBias) and \(Self.largestBias)")
        }
        try Self.checkZeros(steps, scales, layout, activationBits)
        self.bits = bits
        self.activationBits = activationBits
        self.values = values
        self.scales = scales
        self.biases = biases
        self.steps = steps
    }

    /// That no kernel's sums overflow, whatever the activations are.
    private static func check(
        _ filter: ArraySlice<Int8>, of convolution: ShapedBlock.Convolution, _ activations: ActivationBits
    ) throws(EngineError) {
        if convolution.kernel == 1, activations == .eight {
            for first in stride(from: filter.startIndex, to: filter.endIndex, by: 2) {
                let sum = Int(filter[first]) + Int(filter[first + 1])
                guard abs(sum) <= largestPair || filter[first].signum() != filter[first + 1].signum() else {
                    throw .quantization(
                        """
                        two neighbouring weights of a 1x1 layer come to \(sum); right would be at most \(largestPair) and at least \
                        -\(largestPair)
                        """)
                }
            }
        } else if convolution.kernel == 3, convolution.inputs > 3 {
            let sum = filter.reduce(0) { $0 + abs(Int($1)) }
            guard sum <= largestFilter else {
                throw .quantization(
                    "the weights of a 3x3 layer's filter come to \(sum); right would be at most \(largestFilter)")
            }
        }
    }

    /// That no step is of unusual size.
    static func check(_ steps: [ActivationStep], _ layout: QuantizedLayout) throws(EngineError) {
        for (activation, step) in zip(layout.activations, steps) where !usual.contains(step.size) {
            throw .quantization("the step of \(activation.name) is \(step.size); right would be \(usualText)")
        }
        for sum in layout.sums {
            for part in [sum.shortcut, sum.expanded] where steps[part].size > largestQuotient * steps[sum.output].size {
                throw .quantization(
                    """
                    the step of \(layout.activations[part].name) is \(steps[part].size); right would be at most \(largestQuotient) times \
                    that of \(layout.activations[sum.output].name), \(steps[sum.output].size)
                    """)
            }
        }
    }

    /// That what stands for zero does so in sums too.
    private static func checkZeros(
        _ steps: [ActivationStep], _ scales: [Float], _ layout: QuantizedLayout, _ bits: ActivationBits
    ) throws(EngineError) {
        for (activation, step) in zip(layout.activations, steps) {
            guard !activation.isSigned || bits == .eight else {
                throw .quantization("\(activation.name) is below zero too, which activations of seven bits can't be")
            }
            guard (step.zero > 0) == activation.isSigned else {
                throw .quantization(
                    """
                    \(step.zero) stands for zero of \(activation.name); right would be \(activation.isSigned ? "1 to 255" : "0")
                    """)
            }
        }
        for sum in layout.sums {
            let (own, shortcut) = (steps[sum.output].depth, steps[sum.shortcut].depth)
            guard abs(own - shortcut) <= 1e-4 * shortcut else {
                throw .quantization(
                    """
                    \(layout.activations[sum.output].name) begins at \(-own); right would be where its bypass does, at \(-shortcut)
                    """)
            }
        }
        for layer in layout.layers {
            guard let output = layer.output, steps[output].zero > 0 else { continue }
            for scale in scales[layer.filter..<layer.filter + layer.convolution.filters] {
                let multiplier = multiplier(scale: scale, input: steps[layer.input].size, output: steps[output].size)
                guard Int(steps[output].zero) << 32 <= largestZero * Int(multiplier) else {
                    throw .quantization(
                        "a scale of \(layout.activations[output].name) is \(scale), too small for its step of \(steps[output].size)"
                    )
                }
            }
        }
    }

    /// Whether a layer's products are added two by two in 16 bits, and its weights may be too large for that.
    static func hasPairs(kernel: Int, bits: Int) -> Bool { kernel == 1 && 2 * largestWeight(of: bits) > largestPair }

    /// The bits of each convolution's weights, and how many it has, in their order.
    public static func layerBits(of network: Network, _ bits: Int) -> [(bits: Int, count: Int)] {
        let counts = network.convolutions.map(\.weight.count)
        return counts.enumerated().map {
            ($0 == 0 || $0 == counts.count - 1 ? allowedBits.upperBound : bits, $1)
        }
    }

    static let usual: ClosedRange<Float> = 1e-20...1e20
    private static let usualText = "\(usual.lowerBound) to \(usual.upperBound)"

    /// As `Weights.scalingLogits`: the whole sums stay, and what a class's stands for is scaled.
    public func scalingLogits(_ network: Network, by factor: Float) throws(EngineError) -> QuantizedWeights {
        precondition(factor > 0)
        let first = scales.count - network.classes
        // One that is as small as it may be is of a filter of zeros.
        let scaled = scales.enumerated().map { $0 < first ? $1 : max($1 * factor, Self.usual.lowerBound) }
        return try Self(
            network, bits: bits, activationBits: activationBits, values: values, scales: scaled, biases: biases,
            steps: steps)
    }

    /// The numbers that these stand for.
    /// - Precondition: they are this network's.
    public func weights(of network: Network) -> Weights {
        let layout = QuantizedLayout(network)
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
                    Double(biases[layer.filter + filter]) * Double(scale) * Double(steps[layer.input].size))
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
