/// What a training keeps of its weights' form, so that what comes out needs few bits.
public enum Constraint: Sendable {
    /// Of each of `Weights.values` which number it is: `free` is one of its own, 0 is zero and stays it, and those of the same number
    /// move together, by the mean of their gradients (Han et al., Deep Compression, arXiv 1510.00149, section 3).
    case shared([Int32])
    /// The network computes with the nearest whole numbers times their filter's scale, and what it learns moves the weights behind them:
    /// the straight-through estimator (Bengio et al., arXiv 1308.3432).
    case rounded(scales: [Float], bits: Int)
    /// As `rounded`, with the nearest of each convolution's own numbers or zero. Weights that are zero stay it.
    case nearest(codebooks: [[Float]], zeros: Weights)

    public static let free: Int32 = -1

    /// What is zero stays zero; biases are free.
    public static func sparse(_ weights: Weights, of network: Network) -> Constraint {
        .shared(sparseNumbers(weights, of: network))
    }

    static func sparseNumbers(_ weights: Weights, of network: Network) -> [Int32] {
        var numbers = [Int32](repeating: free, count: network.parameterCount)
        for (weight, _) in network.convolutions {
            for place in weight.range where weights.values[place] == 0 { numbers[place] = 0 }
        }
        return numbers
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
