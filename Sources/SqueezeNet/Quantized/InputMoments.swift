/// What the inputs of a layer's filters have in common: the sums of the products of each two of them, over some pixels of some
/// pictures. The inputs are the whole numbers of eight bits, so that the sums are exact in whatever order they are made.
struct InputMoments {
    /// The most inputs that a filter may have to be looked at: the 3×3 layers of the usual networks. What is kept grows with their square.
    static let largest = 576
    /// Looked at of a layer, of all pictures together.
    static let pixels = 16_384
    /// What the bias, which is the last weight here, has as its input.
    static let unit = 255.0

    /// A filter's inputs, and the bias'.
    let count: Int
    /// What a whole number of the inputs stands for.
    let step: Float
    /// Those of the upper triangle, row by row; below it are zeros.
    private(set) var sums: [Double]

    /// - Parameter inputs: a filter's.
    init(inputs: Int, step: Float) {
        count = inputs + 1
        self.step = step
        sums = [Double](repeating: 0, count: count * count)
    }

    /// Adds a pixel.
    /// - Parameter inputs: the filter's in the order of its weights, and `unit`.
    mutating func add(_ inputs: UnsafeBufferPointer<Double>) {
        sums.withUnsafeMutableBufferPointer { sums in
            for row in 0..<count where inputs[row] != 0 {
                let (factor, start) = (inputs[row], row * count)
                for column in row..<count { sums[start + column] += factor * inputs[column] }
            }
        }
    }

    static func += (sum: inout InputMoments, part: InputMoments) {
        for place in sum.sums.indices { sum.sums[place] += part.sums[place] }
    }
}
