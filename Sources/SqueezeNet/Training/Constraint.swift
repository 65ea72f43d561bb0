/// What a training keeps of its weights' form, so that what comes out needs few bits.
public enum Constraint: Sendable {
    /// Of each of `Weights.values` which number it is: `free` is one of its own, 0 is zero and stays it, and those of the same number
    /// move together, by the mean of their gradients (Han et al., Deep Compression, arXiv 1510.00149, section 3).
    case shared([Int32])
    /// The network computes with the nearest whole numbers times their filter's scale, and what it learns moves the weights behind them:
    /// the straight-through estimator (Bengio et al., arXiv 1308.3432).
    case rounded(scales: [Float], bits: Int)

    public static let free: Int32 = -1

    /// What is zero stays zero; biases are free.
    public static func sparse(_ weights: Weights, of network: Network) -> Constraint {
        var numbers = [Int32](repeating: free, count: network.parameterCount)
        for (weight, _) in network.convolutions {
            for place in weight.range where weights.values[place] == 0 { numbers[place] = 0 }
        }
        return .shared(numbers)
    }

    /// - Throws: `EngineError.hyperparameter` where a recipe moves weights in another way than each by itself.
    func validate(with recipe: Recipe) throws(EngineError) {
        guard recipe.normalizationGroup == 0, recipe.averageDecay == 0, !recipe.optimizer.movesMatrices,
            recipe.frozenModules == nil
        else {
            throw .hyperparameter(
                "weights of few bits are trained without normalization, averages, frozen modules and muon")
        }
    }
}

/// Weights that are one number, in the kernels' layout.
struct SharedNumbers {
    /// Where those lie that stay zero.
    private var zeros: [Int32] = []
    /// Where the members of each number lie.
    private var members: [[Int32]] = []

    init(_ numbers: [Int32], _ packed: PackedParameters) {
        var places = [Int32](repeating: 0, count: numbers.count)
        packed.forEach { places[$0] = Int32($1) }
        members = Array(repeating: [], count: Int(numbers.max() ?? 0) + 1)
        // In the order of the weights, in which they are then summed up.
        for (number, place) in zip(numbers, places) where number > 0 { members[Int(number)].append(place) }
        zeros = zip(numbers, places).lazy.filter { $0.0 == 0 }.map(\.1)
        members.removeAll { $0.count < 2 }
    }

    /// Gives all members of a number the mean of their gradients: what moves each by itself then moves them alike, to the bit.
    func join(_ gradients: UnsafeMutablePointer<Float>, _ pool: ComputePool) {
        for place in zeros { gradients[Int(place)] = 0 }
        pool.run(members.count) { number, _ in
            let places = members[number]
            let sum = places.reduce(0) { $0 + Double(gradients[Int($1)]) }
            let mean = Float(sum / Double(places.count))
            for place in places { gradients[Int(place)] = mean }
        }
    }
}

/// Weights as whole numbers times their filter's scale, in the kernels' layout.
struct Rounding {
    private struct Part {
        let slot: PackedParameters.Slot
        let bound: Float
        let hasPairs: Bool
        /// A panel's, 16 filters each; 1 where the last panel has none.
        var scales: [SIMD16<Float>]
    }

    private var parts: [Part] = []

    /// - Parameter scales: the filters', in the order of `Network.parameters`.
    init(_ scales: [Float], bits: Int, _ network: Network, _ packed: PackedParameters) {
        var first = 0
        for (slot, layer) in zip(
            packed.slots.sorted { $0.canonicalWeight < $1.canonicalWeight },
            QuantizedWeights.layerBits(of: network, bits))
        {
            var part = Part(
                slot: slot, bound: Float(QuantizedWeights.largestWeight(of: layer.bits)),
                hasPairs: QuantizedWeights.hasPairs(kernel: slot.kernel, bits: layer.bits),
                scales: Array(repeating: SIMD16(repeating: 1), count: slot.panels))
            for filter in 0..<slot.filters { part.scales[filter / 16][filter % 16] = scales[first + filter] }
            first += slot.filters
            parts.append(part)
        }
    }

    func round(_ weights: UnsafePointer<Float>, into rounded: UnsafeMutablePointer<Float>) {
        for part in parts {
            let slot = part.slot
            for (panel, scale) in part.scales.enumerated() {
                let bound = SIMD16(repeating: part.bound)
                func whole(_ row: Int) -> SIMD16<Float> {
                    let weight = UnsafeRawPointer(weights).loadUnaligned(
                        fromByteOffset: place(row), as: SIMD16<Float>.self)
                    return (weight / scale).rounded(.toNearestOrEven).clamped(lowerBound: -bound, upperBound: bound)
                }
                func place(_ row: Int) -> Int {
                    (slot.weight + (panel * slot.rows + row) * 16) * MemoryLayout<Float>.size
                }
                func store(_ whole: SIMD16<Float>, _ row: Int) {
                    UnsafeMutableRawPointer(rounded).storeBytes(
                        of: whole * scale, toByteOffset: place(row), as: SIMD16<Float>.self)
                }
                if part.hasPairs {
                    for row in stride(from: 0, to: slot.rows, by: 2) {
                        let pair = fittingPair(whole(row), whole(row + 1))
                        store(pair.0, row)
                        store(pair.1, row + 1)
                    }
                } else {
                    for row in 0..<slot.rows { store(whole(row), row) }
                }
            }
            (rounded + slot.bias).update(from: weights + slot.bias, count: slot.panels * 16)
        }
    }
}
