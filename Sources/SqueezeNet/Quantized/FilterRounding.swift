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
struct FilterRounding {
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

    /// The nearest that is allowed to a weight by itself.
    func whole(_ weight: Float) -> Float { min(bound, max(-bound, weight.rounded(.toNearestOrEven))) }

    /// The nearest that are allowed.
    func wholes(of weights: ArraySlice<Float>, scale: Float) -> [Float] {
        var wholes = weights.map { whole($0 / scale) }
        guard hasPairs else { return wholes }
        for first in stride(from: 0, to: wholes.count, by: 2) {
            let pair = fittingPair(SIMD2(repeating: wholes[first]), SIMD2(repeating: wholes[first + 1]))
            (wholes[first], wholes[first + 1]) = (pair.0[0], pair.1[0])
        }
        return wholes
    }

    /// Those that make up for each other.
    func wholes(of filter: inout Compensation.Filter) -> [Float] {
        var wholes: [Float] = []
        for place in 0..<filter.count {
            wholes.append(whole(Float(filter.best(place))))
            if hasPairs, place % 2 == 1 {
                let pair = fittingPair(SIMD2(repeating: wholes[place - 1]), SIMD2(repeating: wholes[place]))
                (wholes[place - 1], wholes[place]) = (pair.0[0], pair.1[0])
                filter.decide(place - 1, wholes[place - 1])
            }
            filter.decide(place, wholes[place])
        }
        return wholes
    }

    /// Whether they are allowed together.
    func allows(_ wholes: [Float]) -> Bool {
        !isSummed || wholes.reduce(0) { $0 + abs($1) } <= Float(QuantizedWeights.largestFilter)
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
