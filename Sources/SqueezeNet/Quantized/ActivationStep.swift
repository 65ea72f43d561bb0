/// What a whole number of an activation stands for: so many steps above zero.
public struct ActivationStep: Sendable, Equatable {
    public var size: Float
    /// Which whole number stands for zero: 0 behind a ReLU, and of the input, whose whole numbers have a sign.
    public var zero: UInt8

    public init(size: Float, zero: UInt8 = 0) {
        self.size = size
        self.zero = zero
    }

    /// What the least whole number stands for, but for its sign.
    var depth: Float { size * Float(zero) }
}

extension Network {
    /// What stands between the layers of a network of eight bits.
    public struct Activation: Sendable, Equatable {
        /// `input`, and after that the layer that writes it. Both expand layers of a fire module write one.
        public let name: String
        /// Whether values are below zero, as a bypass' convolution makes them, so that a number above 0 stands for zero.
        public let isSigned: Bool
    }

    public var activations: [Activation] { QuantizedLayout(self).activations }
}

extension QuantizedLayout {
    /// Of a bypass and of the sums that it is part of, the depth at least beside the height.
    private static let leastDepth: Float = 1 / 64

    /// The steps of activations that are so much above zero, and below it.
    ///
    /// What a bypass is added to is not below zero, so that the sum is not below the bypass, and both have the same depth: their whole
    /// numbers add up with no regard to it (`int8_add`).
    func steps(heights: [Float], depths: [Float]) -> [ActivationStep] {
        // Where the bypass is that a sum has its depth of, and how high all of these are.
        var origins = Array(activations.indices)
        var highest = heights
        for sum in sums {
            origins[sum.output] = origins[sum.shortcut]
            highest[origins[sum.output]] = max(highest[origins[sum.output]], heights[sum.output])
        }
        var steps = activations.enumerated().map { place, activation in
            let most = Float(levels(of: place))
            guard activation.isSigned else {
                // Of nothing, any step will do.
                return ActivationStep(size: heights[place] > 0 ? heights[place] / most : 1)
            }
            let origin = origins[place]
            var depth = max(depths[origin], highest[origin] * Self.leastDepth)
            if depth == 0 { depth = 1 }
            let zero = depth * most / (depth + heights[place])
            // Not even that where values are infinite, which the steps' size then says.
            let whole = zero >= 1 ? UInt8(zero) : 1
            return ActivationStep(size: depth / Float(whole), zero: whole)
        }
        // What is beyond is cut in the sum. Those with a zero are far from it.
        for sum in sums.reversed() {
            for part in [sum.shortcut, sum.expanded] where steps[part].zero == 0 {
                steps[part].size = min(steps[part].size, QuantizedWeights.largestQuotient * steps[sum.output].size)
            }
        }
        return steps
    }

    /// How many whole numbers an activation has above the least, or, of the input, on each side of zero.
    func levels(of activation: Int) -> Int {
        activation == 0 ? QuantizedWeights.largestInput : QuantizedWeights.ActivationBits.eight.largest
    }
}
