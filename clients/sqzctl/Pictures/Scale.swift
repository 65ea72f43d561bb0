internal import Glibc

/// Where numbers lie along an axis, and which of them are written beside it.
struct Scale {
    let range: ClosedRange<Double>
    let ticks: [Double]
    private let step: Double

    /// - Parameters:
    ///   - values: are finite.
    ///   - whole: whether only whole numbers are written.
    init(_ values: [Double], ticks most: Int, whole: Bool = false) {
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        let extent = high > low ? high - low : max(abs(high), 1e-9)
        var step = Self.step(at: extent / Double(max(most - 1, 1)))
        if whole { step = max(step, 1) }
        // What does not change is in the middle.
        let (first, last) = high > low ? (low, high) : (low - step, high + step)
        let bounds =
            whole
            ? (first.rounded(.down), last.rounded(.up))
            : ((first / step).rounded(.down) * step, (last / step).rounded(.up) * step)
        range = bounds.0...bounds.1
        self.step = step
        let from = (bounds.0 / step).rounded(.up)
        ticks = (0...most * 2).map { (from + Double($0)) * step }.filter { $0 <= bounds.1 + step * 1e-6 }
    }

    /// The least of 1, 2 and 5 times a power of ten that is not below.
    private static func step(at least: Double) -> Double {
        let power = pow(10, log10(least).rounded(.down))
        return ([1, 2, 5].first { $0 * power >= least * (1 - 1e-9) } ?? 10) * power
    }

    /// Of 0 to 1.
    func share(_ value: Double) -> Double { (value - range.lowerBound) / (range.upperBound - range.lowerBound) }

    /// With as many digits as tell it from its neighbours.
    func label(_ value: Double, isPercentage: Bool = false) -> String {
        let (value, step) = isPercentage ? (value * 100, step * 100) : (value, step)
        let end = isPercentage ? " %" : ""
        guard step >= 1e-4, abs(value) < 1e6 else { return (abs(value) < step / 2 ? "0" : Format.figure(value)) + end }
        let places = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
        return Format.decimal(value, places: places) + end
    }
}
