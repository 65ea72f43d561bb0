extension Weights {
    /// With the weights nearest zero made zero, biases aside: those that are smallest beside the others of their convolution, whose sizes
    /// differ (Han et al., arXiv 1506.02626, whose thresholds are multiples of a layer's standard deviation). What is zero stays zero.
    /// - Parameter sparsity: the share of all weights that are zero then.
    public func pruned(_ network: Network, sparsity: Double) -> Weights {
        var sizes: [(size: Float, place: Int)] = []
        for (weight, _) in network.convolutions {
            let own = values[weight.range]
            // Of those that are left.
            let left = own.reduce((sum: 0.0, count: 0)) {
                $1 == 0 ? $0 : ($0.sum + Double($1) * Double($1), $0.count + 1)
            }
            let usual = Float((left.sum / Double(max(1, left.count))).squareRoot())
            sizes += weight.range.map { (usual > 0 ? abs(values[$0]) / usual : 0, $0) }
        }
        let count = Int((Double(sizes.count) * sparsity).rounded())
        sizes.sort { ($0.size, $0.place) < ($1.size, $1.place) }
        var pruned = values
        for (_, place) in sizes.prefix(count) { pruned[place] = 0 }
        return Weights(values: pruned)
    }

    /// The share of the weights, biases aside, that are zero.
    public func sparsity(_ network: Network) -> Double {
        let (zeros, all) = network.convolutions.reduce((0, 0)) {
            ($0.0 + values[$1.weight.range].count { $0 == 0 }, $0.1 + $1.weight.count)
        }
        return Double(zeros) / Double(all)
    }

    /// With zero where other weights are zero: what an optimizer keeps of weights that were pruned.
    public func zeroed(where pruned: Weights, _ network: Network) -> Weights {
        var values = values
        for (weight, _) in network.convolutions {
            for place in weight.range where pruned.values[place] == 0 { values[place] = 0 }
        }
        return Weights(values: values)
    }
}
