internal import CSqueezeKernels

/// All parameters of a network: float32, contiguous, in the order of `Network.parameters`, in PyTorch's layout (OIHW).
public struct Weights: Sendable, Equatable {
    public private(set) var values: [Float]

    /// - Throws: `EngineError.valueCount` if there are not exactly `network.parameterCount` values.
    public init(_ network: Network, values: [Float]) throws(EngineError) {
        guard values.count == network.parameterCount else {
            throw .valueCount(values.count, expected: network.parameterCount)
        }
        self.values = values
    }

    /// Glorot-uniform weights (TensorFlow's `glorot_uniform`: limit √(6 / (fan in + fan out)), a fan counting the kernel's
    /// pixels) and zero biases.
    public init(glorotUniformFor network: Network, seed: UInt64) {
        values = [Float](repeating: 0, count: network.parameterCount)
        for (index, parameter) in network.parameters.enumerated() where parameter.shape.count == 4 {
            let window = parameter.shape[2] * parameter.shape[3]
            let fans = Double(window * (parameter.shape[0] + parameter.shape[1]))
            let limit = Float((6 / fans).squareRoot())
            let random = CounterRandom(seed: seed, purpose: .weights, epoch: 0, index: index)
            for offset in 0..<parameter.count {
                values[parameter.offset + offset] = limit * (2 * random.uniform(at: offset) - 1)
            }
        }
    }

    init(values: [Float]) {
        self.values = values
    }

    /// Whether every value is finite.
    public var areFinite: Bool { values.allSatisfy(\.isFinite) }

    /// The values as little-endian bytes on the machines that we support: for digests and files.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try values.withUnsafeBytes(body)
    }
}
