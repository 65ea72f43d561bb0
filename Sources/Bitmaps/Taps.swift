/// What the places of one side of a resized picture are made of: `precompute_coeffs` and `normalize_coeffs_8bpc` of Pillow's
/// Resample.c, whose bytes this gives. The filter widens by the factor by which the side shrinks, so that it does not alias.
struct Taps {
    /// The sources of each place, as a range of places of the source.
    private(set) var sources: [Range<Int>]
    /// `stride` of each place, of which as many count as it has sources.
    private(set) var weights: [Int32]
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

    /// From the first source of any place to behind the last.
    var sourcesOfAll: Range<Int> {
        // They grow with the place, or shrink.
        let (first, last) = (sources.first!, sources.last!)
        return min(first.lowerBound, last.lowerBound)..<max(first.upperBound, last.upperBound)
    }

    /// For a source of `length` that begins at its end.
    mutating func mirror(_ length: Int) {
        for (place, range) in sources.enumerated() {
            sources[place] = length - range.upperBound..<length - range.lowerBound
            weights[place * stride..<place * stride + range.count].reverse()
        }
    }

    /// For a source that lacks what comes before its first.
    mutating func move(by distance: Int) {
        sources = sources.map { $0.lowerBound + distance..<$0.upperBound + distance }
    }
}
