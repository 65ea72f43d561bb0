internal import CSqueezeKernels

/// Batch normalization taken into the convolutions before it, once a training is judged or over.
struct Folding {
    /// Sums of each layer of a `NormalizedPlan` over some groups of pictures.
    private var sums: [Double]
    private var pictures = 0

    init(_ plan: NormalizedPlan) {
        sums = [Double](repeating: 0, count: plan.statisticsCount)
    }

    mutating func add(_ group: UnsafePointer<Double>, pictures: Int) {
        for place in sums.indices { sums[place] += group[place] }
        self.pictures += pictures
    }

    /// The parameters of the network without normalization that computes what `parameters` do with the statistics of all groups.
    func fold(
        _ plan: NormalizedPlan, _ parameters: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
    ) {
        target.update(from: parameters, count: plan.plan.packed.count)
        var start = 0
        for layer in plan.layers {
            let count = Double(layer.pixels * pictures)
            for channel in 0..<layer.channels {
                let (mean, scale) = sums.withUnsafeBufferPointer {
                    NormalizedPlan.normalization(
                        $0.baseAddress! + start + NormalizedPlan.Layer.sum(channel), count: count)
                }
                let bias = layer.bias(channel)
                target[bias] = Float(Double(target[bias]) - mean * scale)
                let slot = channel < layer.slot.panels * 16 ? layer.slot : layer.second!
                let filter = bias - slot.bias
                let weight = target + slot.weight + filter / 16 * slot.rows * 16 + filter % 16
                for row in 0..<slot.rows { weight[row * 16] = Float(Double(weight[row * 16]) * scale) }
            }
            start += 2 * layer.channels
        }
    }
}
