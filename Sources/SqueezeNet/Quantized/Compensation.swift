/// Rounds a layer's filters one weight after the other, each of which makes up for what rounding those before it has done to the filter's
/// sums (Frantar et al., GPTQ, arXiv 2210.17323). The bias, which is not rounded, makes up for the rest.
///
/// With H, the moments of the inputs, and errors e of the weights, the sums' squared error is eᵀHe = |Le|², L lower triangular: line k of
/// L has nothing of the weights after k, so that weight k is best where it makes the line zero.
public struct Compensation: Sendable, Equatable {
    /// What is added to the inputs' own moments, of their mean: few pictures do not tell all.
    private static let damping = 0.01

    private let count: Int
    /// L, row by row.
    private let rows: [Double]
    /// What the bias as the last of the weights is multiplied by.
    private let biasUnit: Double

    init(_ moments: InputMoments) {
        let (count, sums) = (moments.count, moments.sums)
        let mean = (0..<count - 1).reduce(0) { $0 + sums[$1 * count + $1] } / Double(count - 1)
        // Of inputs that never were, any will do.
        let added = max(Self.damping * mean, 1)
        // H = LᵀL: the last row first, whose products are then taken from those that the rows above have to make.
        var rows = [Double](repeating: 0, count: count * count)
        rows.withUnsafeMutableBufferPointer { rows in
            for row in 0..<count {
                for place in 0...row { rows[row * count + place] = sums[place * count + row] }
                rows[row * count + row] += added
            }
            for row in (0..<count).reversed() {
                let own = rows.baseAddress! + row * count
                own[row] = max(own[row], added).squareRoot()
                for place in 0..<row { own[place] /= own[row] }
                for above in 0..<row {
                    let (factor, other) = (own[above], rows.baseAddress! + above * count)
                    for place in 0...above { other[place] -= factor * own[place] }
                }
            }
        }
        self.rows = rows
        self.count = count
        biasUnit = InputMoments.unit * Double(moments.step)
    }

    /// A filter whose weights are decided one after the other.
    struct Filter {
        private let compensation: Compensation
        private let weights: [Double]
        private var errors: [Double]

        fileprivate init(_ compensation: Compensation, _ weights: [Double]) {
            self.compensation = compensation
            self.weights = weights
            errors = [Double](repeating: 0, count: weights.count)
        }

        /// How many weights there are to decide.
        var count: Int { weights.count - 1 }

        /// What a weight is best, now that those before it are decided.
        func best(_ place: Int) -> Double {
            let (rows, row) = (compensation.rows, place * weights.count)
            return weights[place] - (0..<place).reduce(0) { $0 + rows[row + $1] * errors[$1] } / rows[row + place]
        }

        mutating func decide(_ place: Int, _ value: Float) { errors[place] = Double(value) - weights[place] }

        /// What the bias is best, now that all are decided.
        var bias: Double { best(count) * compensation.biasUnit }
    }

    /// - Parameter unit: what the weights and the bias are given and decided in.
    func filter(_ weights: ArraySlice<Float>, bias: Float, unit: Float = 1) -> Filter {
        precondition(weights.count == count - 1)
        let unit = Double(unit)
        return Filter(self, weights.map { Double($0) / unit } + [Double(bias) / unit / biasUnit])
    }
}
