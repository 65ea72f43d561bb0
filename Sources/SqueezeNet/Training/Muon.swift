internal import CSqueezeKernels

/// How Muon moves a convolution's weights (Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024), as
/// PyTorch's `torch.optim.Muon` defines it: the direction is Nesterov's momentum with all its singular values brought near 1, so that
/// no direction of the matrix is learnt much faster than others. The matrix has a row a filter.
///
/// The products are those of 1×1 convolutions: packed weights lie as the activations of `rows` pixels and as many channels as there
/// are filters.
struct Muon {
    let rate: Float
    let momentum: Float
    let weightDecay: Float

    /// The coefficients and number of the iterations x → a·x + b·x³ + c·x⁵ of the singular values: steepest at zero, and within
    /// 0.7 … 1.2 after five.
    private static let (a, b, c): (Float, Float, Float) = (3.4445, -4.775, 2.0315)
    private static let iterations = 5
    private static let epsilon = 1e-7

    /// Floats that `move` works in.
    static func scratchCount(_ slot: PackedParameters.Slot) -> Int {
        let filters = slot.panels * 16
        return 2 * slot.rows * filters + 2 * filters * filters + 2 * filters
    }

    /// One step of the weights of a convolution; one thread's work.
    func move(
        _ slot: PackedParameters.Slot, _ gradient: UnsafePointer<Float>, _ weights: UnsafeMutablePointer<Float>,
        velocity: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
        _ kernels: UnsafePointer<sqz_kernels>
    ) {
        let filters = slot.panels * 16
        let count = slot.rows * filters
        var (x, next) = (scratch, scratch + count)
        for index in 0..<count {
            velocity[index] += (gradient[index] - velocity[index]) * (1 - momentum)
            x[index] = gradient[index] + (velocity[index] - gradient[index]) * momentum
        }
        let shrink = Float(1 / max(Self.norm(x, slot, kernels), Self.epsilon))
        for index in 0..<count { x[index] *= shrink }
        let gram = next + count
        let square = gram + filters * filters
        let (zeros, unused) = (square + filters * filters, square + filters * filters + filters)
        zeros.update(repeating: 0, count: filters)
        unused.update(repeating: 0, count: filters)
        func product(rows: Int) -> sqz_pointwise {
            sqz_pointwise(
                rows: Int32(rows), in_panels: Int32(slot.panels), out_panels: Int32(slot.panels), in_stride: rows * 16,
                out_stride: rows * 16, relu: 0)
        }
        var (tall, small) = (product(rows: slot.rows), product(rows: filters))
        for _ in 0..<Self.iterations {
            gram.update(repeating: 0, count: filters * filters)
            kernels.pointee.pointwise_backward_weights(&tall, x, x, gram, unused)
            kernels.pointee.pointwise_forward(&small, gram, gram, zeros, square)
            for index in 0..<filters * filters { gram[index] = Self.b * gram[index] + Self.c * square[index] }
            for filter in 0..<filters { gram[(filter / 16 * filters + filter) * 16 + filter % 16] += Self.a }
            kernels.pointee.pointwise_forward(&tall, x, gram, zeros, next)
            swap(&x, &next)
        }
        let step = rate * max(1, Float(slot.filters) / Float(slot.rows)).squareRoot()
        let keep = 1 - rate * weightDecay
        for index in 0..<count { weights[index] = weights[index] * keep - step * x[index] }
    }

    /// The root of the sum of squares.
    private static func norm(
        _ x: UnsafePointer<Float>, _ slot: PackedParameters.Slot, _ kernels: UnsafePointer<sqz_kernels>
    ) -> Double {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: slot.panels * 32) { sums in
            sums.initialize(repeating: 0)
            kernels.pointee.batch_moments(Int32(slot.rows), Int32(slot.panels), x, sums.baseAddress!)
            return (0..<slot.panels).reduce(0.0) { total, panel in
                (16..<32).reduce(total) { $0 + sums[panel * 32 + $1] }
            }.squareRoot()
        }
    }
}
