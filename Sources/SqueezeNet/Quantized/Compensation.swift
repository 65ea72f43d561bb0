/// Makes whole numbers of a layer's filters one weight after the other, each of which makes up for what rounding those before it has done
/// to the filter's sums (Frantar et al., GPTQ, arXiv 2210.17323). The bias, which is not rounded, makes up for the rest.
///
/// With H, the moments of the inputs, and errors e of the weights, the sums' squared error is eᵀHe = |Le|², L lower triangular: line k of
/// L has nothing of the weights after k, so that weight k is best where it makes the line zero.
struct Compensation {
    /// What is added to the inputs' own moments, of their mean: few pictures do not tell all.
    private static let damping = 0.01

    private let count: Int
    /// L, row by row.
    private let rows: [Double]

    init(_ moments: InputMoments) {
        let (count, sums) = (moments.count, moments.sums)
        let mean = (0..<count - 1).reduce(0) { $0 + sums[$1 * count + $1] } / Double(count - 1)
        // Of inputs that never were, any will do.
        let added = max(Self.damping * mean, 1)
        // H = UUᵀ with U upper triangular, from its last column on; L is its transpose.
        let upper = [Double](unsafeUninitializedCapacity: count * count) { upper, written in
            for column in (0..<count).reversed() {
                let own = upper.baseAddress! + column * count
                func rest(_ row: Int) -> Double {
                    let other = upper.baseAddress! + row * count
                    return (column + 1..<count).reduce(sums[row * count + column]) { $0 - other[$1] * own[$1] }
                }
                own[column] = max(rest(column) + added, added).squareRoot()
                for row in 0..<column { upper[row * count + column] = rest(row) / own[column] }
                for below in column + 1..<count { upper[below * count + column] = 0 }
            }
            written = count * count
        }
        rows = [Double](unsafeUninitializedCapacity: count * count) { rows, written in
            for row in 0..<count {
                for column in 0..<count { rows[row * count + column] = upper[column * count + row] }
            }
            written = count * count
        }
        self.count = count
    }

    /// - Parameters:
    ///   - weights: a filter's, and its bias, in units of a whole number.
    ///   - rounding: says which are allowed.
    /// - Returns: whole numbers, and the bias.
    func wholes(of weights: [Double], _ rounding: FilterRounding) -> (wholes: [Float], bias: Double) {
        var wholes = [Float](repeating: 0, count: count - 1)
        var errors = [Double](repeating: 0, count: count)
        func best(_ place: Int) -> Double {
            let row = place * count
            return weights[place] - (0..<place).reduce(0) { $0 + rows[row + $1] * errors[$1] } / rows[row + place]
        }
        func set(_ place: Int, _ whole: Float) {
            wholes[place] = whole
            errors[place] = Double(whole) - weights[place]
        }
        for place in wholes.indices {
            set(place, rounding.whole(Float(best(place))))
            guard rounding.hasPairs, place % 2 == 1 else { continue }
            let pair = fittingPair(SIMD2(repeating: wholes[place - 1]), SIMD2(repeating: wholes[place]))
            set(place - 1, pair.0[0])
            set(place, pair.1[0])
        }
        return (wholes, best(count - 1))
    }
}
