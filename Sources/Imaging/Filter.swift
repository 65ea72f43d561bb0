/// How pixels are weighted in resizing, as Pillow has them.
public enum Filter: String, CaseIterable, Codable, Sendable {
    case bilinear
    case bicubic

    /// Pixels on each side of the centre, where nothing is made smaller.
    var support: Double {
        switch self {
        case .bilinear: 1
        case .bicubic: 2
        }
    }

    func weight(_ distance: Double) -> Double {
        let x = abs(distance)
        switch self {
        case .bilinear: return x < 1 ? 1 - x : 0
        case .bicubic:
            // R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
        }
    }
}

/// What the places of one side of a resized picture are made of: `precompute_coeffs` and `normalize_coeffs_8bpc` of Pillow's
/// Resample.c, whose bytes this gives. The filter widens by the factor by which the side shrinks, so that it does not alias.
struct Taps {
    /// The sources of each place, as a range of places of the source.
    let sources: [Range<Int>]
    /// `stride` of each place, of which as many count as it has sources.
    let weights: [Int32]
    let stride: Int

    /// Binary places of a weight: 8 bits for the pixel and 2 for what overshoots are left of 32.
    static let precision: Int32 = 22

    /// - Parameters:
    ///   - target: the side's length after resizing.
    ///   - window: the places that are wanted.
    init(from source: Int, to target: Int, window: Range<Int>, filter: Filter) {
        let scale = Double(source) / Double(target)
        let widening = max(scale, 1)
        let support = filter.support * widening
        stride = 2 * Int(support.rounded(.up)) + 1
        var sources: [Range<Int>] = []
        var weights = [Int32](repeating: 0, count: window.count * stride)
        var exact = [Double](repeating: 0, count: stride)
        for place in window {
            let centre = (Double(place) + 0.5) * scale
            let first = max(0, Int(centre - support + 0.5))
            let last = min(source, Int(centre + support + 0.5))
            var sum = 0.0
            for tap in 0..<last - first {
                exact[tap] = filter.weight((Double(tap + first) - centre + 0.5) * (1 / widening))
                sum += exact[tap]
            }
            for tap in 0..<last - first {
                let weight = (sum == 0 ? exact[tap] : exact[tap] / sum) * Double(1 << Self.precision)
                weights[sources.count * stride + tap] = Int32(weight < 0 ? weight - 0.5 : weight + 0.5)
            }
            sources.append(first..<last)
        }
        self.sources = sources
        self.weights = weights
    }
}
