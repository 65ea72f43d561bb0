internal import SqzProtocol

/// How values are spread over bounds, each of which is twice the one before.
struct DoublingHistogram {
    private let first: Double
    /// The last one is of those above all bounds.
    private var counts: [Int]
    private(set) var count = 0
    private var sum = 0.0

    init(first: Double, bounds: Int) {
        self.first = first
        counts = Array(repeating: 0, count: bounds + 1)
    }

    /// Takes no memory.
    mutating func add(_ value: Double) {
        let ratio = value / first
        // A bound is the last value below it.
        let place = ratio <= 1 ? 0 : Int(ratio.exponent) + (ratio.significand > 1 ? 1 : 0)
        counts[min(place, counts.count - 1)] += 1
        count += 1
        sum += value
    }

    func told(_ name: String, _ help: String, _ labels: [String: String]) -> Histogram {
        let bounds = counts.indices.dropLast().map { first * Double(1 << $0) }
        return Histogram(
            name: name, help: help, labels: labels, bounds: bounds, counts: Array(counts.dropLast()), count: count,
            sum: sum)
    }
}
