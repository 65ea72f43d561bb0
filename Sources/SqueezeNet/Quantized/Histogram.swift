/// How often values of which size occur, and which part of their range eight bits should have.
struct Histogram {
    private static let bins = 2_048
    /// How much what is cut counts beside what is rounded: it is off in one direction, and there is more of it in pictures that were not
    /// looked at.
    private static let cutWeight = 8.0

    private var counts = [Int](repeating: 0, count: bins)
    private let largest: Float
    private let scale: Float

    /// - Parameter largest: what no value's size is beyond.
    init(largest: Float) {
        self.largest = largest
        scale = largest > 0 ? Float(Self.bins) / largest : 0
    }

    /// - Parameter signs: which values are counted; a negative one by its size.
    mutating func add(_ values: UnsafeBufferPointer<Float>, _ signs: ClosedRange<Float>) {
        counts.withUnsafeMutableBufferPointer { counts in
            for value in values where signs.contains(value) {
                let size = abs(value)
                // Zeros are exact however they are cut, and most of what a ReLU leaves.
                if size > 0 { counts[min(Self.bins - 1, Int(size * scale))] += 1 }
            }
        }
    }

    static func += (sum: inout Histogram, part: Histogram) {
        for bin in 0..<bins { sum.counts[bin] += part.counts[bin] }
    }

    /// How large values are kept where there are so many steps to them.
    func kept(levels: Int, by rule: Calibration.Rule) -> Float {
        guard largest > 0 else { return 0 }
        let kept =
            switch rule {
            case .maximum: Self.bins
            case .percentile: binsOfAll(but: 1e-4)
            case .error: binsOfLeastError(levels: levels)
            }
        return largest * Float(kept) / Float(Self.bins)
    }

    private func binsOfAll(but share: Double) -> Int {
        var left = Int(Double(counts.reduce(0, +)) * share)
        for bin in counts.indices.reversed() {
            left -= counts[bin]
            if left < 0 { return bin + 1 }
        }
        return 1
    }

    private func binsOfLeastError(levels: Int) -> Int {
        let candidates = stride(from: Self.bins / 16, through: Self.bins, by: Self.bins / 128)
        return candidates.min { error(bins: $0, levels: levels) < error(bins: $1, levels: levels) } ?? Self.bins
    }

    /// The weighted sum of squared errors, in bins.
    private func error(bins: Int, levels: Int) -> Double {
        let step = Double(bins) / Double(levels)
        var sum = 0.0
        for (bin, count) in counts.enumerated() where count > 0 {
            let value = Double(bin) + 0.5
            let cut = min(Double(levels), (value / step).rounded()) * step
            sum += (value > Double(bins) ? Self.cutWeight : 1) * Double(count) * (value - cut) * (value - cut)
        }
        return sum
    }
}
