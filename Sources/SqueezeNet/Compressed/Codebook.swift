/// Few numbers for many: k-means in one dimension (Lloyd). It begins with numbers that are closer together where there are more values,
/// but not as much closer as there are more, so that the rare large ones have theirs too: evenly between the smallest and the largest,
/// as Deep Compression has them (section 3.2), it ends with three times the squared error on the paper's own weights.
struct Codebook {
    /// Ascending.
    private(set) var numbers: [Float]

    private static let mostRounds = 100

    /// - Parameter count: at most so many numbers; of fewer different values it is these.
    init(of values: [Float], count: Int) {
        let sorted = values.sorted()
        var different: [Float] = []
        for value in sorted where value != different.last {
            guard different.count <= count else { break }
            different.append(value)
        }
        numbers = different
        guard different.count > count else { return }
        numbers = Self.first(count, for: sorted)
        // sums[n] is that of the n smallest.
        var sums = [0.0]
        sums.reserveCapacity(sorted.count + 1)
        for value in sorted { sums.append(sums.last! + Double(value)) }
        for _ in 0..<Self.mostRounds {
            var moved = numbers
            var start = 0
            for place in numbers.indices {
                let end = place + 1 < numbers.count ? Self.first(in: sorted, after: boundary(place)) : sorted.count
                if end > start { moved[place] = Float((sums[end] - sums[start]) / Double(end - start)) }
                start = end
            }
            if moved == numbers { break }
            numbers = moved
        }
        // One that nothing is nearest to says nothing.
        let used = Set(values.map(nearest))
        numbers = numbers.indices.filter(used.contains).map { numbers[$0] }
    }

    /// Numbers whose density is the fourth root of the values' (Panter and Dite's third root has the least error, and no exact one).
    private static func first(_ count: Int, for sorted: [Float]) -> [Float] {
        let (bins, blur) = (4_096, 16)
        let (smallest, range) = (Double(sorted.first!), Double(sorted.last!) - Double(sorted.first!))
        var counts = [Double](repeating: 0, count: bins)
        for value in sorted {
            let place = (Double(value) - smallest) / range * Double(bins)
            counts[min(bins - 1, Int(place))] += 1
        }
        var sums = [0.0]
        for bin in 0..<bins {
            let around = counts[max(0, bin - blur)...min(bins - 1, bin + blur)].reduce(0, +)
            sums.append(sums.last! + around.squareRoot().squareRoot())
        }
        var bin = 0
        return (0..<count).map { number in
            let wanted = (Double(number) + 0.5) / Double(count) * sums.last!
            while sums[bin + 1] < wanted { bin += 1 }
            return Float(smallest + range * (Double(bin) + 0.5) / Double(bins))
        }
    }

    /// Up to where values are nearer to a number than to the next.
    static func boundary(_ number: Float, _ next: Float) -> Float { (number + next) / 2 }

    private func boundary(_ place: Int) -> Float { Self.boundary(numbers[place], numbers[place + 1]) }

    /// The place of the nearest number.
    func nearest(to value: Float) -> Int {
        var (low, high) = (0, numbers.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if value > boundary(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The place of the first of sorted values that is larger than a bound.
    private static func first(in sorted: [Float], after bound: Float) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] > bound { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
