#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How the learning rate goes over a training, step by step.
public struct Schedule: Codable, Sendable, Equatable {
    /// What it does after the warm-up.
    public enum Shape: String, Codable, CaseIterable, Sendable {
        case constant
        /// Half a wave down to zero, as PyTorch's `CosineAnnealingLR`.
        case cosine
        /// A line down to zero.
        case linear
    }

    public var shape: Shape
    /// The share of the steps in which the rate rises in a line to its full value. A share, so that it fits any number of epochs.
    public var warmUp: Float

    public init(_ shape: Shape, warmUp: Float = 0) {
        self.shape = shape
        self.warmUp = warmUp
    }

    /// Whether it is the same for a training of any length.
    var isPlain: Bool { shape == .constant && warmUp == 0 }

    /// - Throws: `EngineError.hyperparameter` if the warm-up is no share.
    func validate() throws(EngineError) {
        guard (0..<1).contains(warmUp) else {
            throw .hyperparameter("the warm-up is \(warmUp) of the steps; right would be 0 or more, below 1")
        }
    }

    /// The share of the full learning rate in a step, counted from 1, of so many. The first that falls would be full, the one
    /// after the last zero.
    package func factor(step: Int, of steps: Int) -> Double {
        if isPlain { return 1 }
        let (done, rising) = (step - 1, Int((Double(warmUp) * Double(steps)).rounded()))
        if done < rising { return Double(done + 1) / Double(rising) }
        let fallen = Double(done - rising) / Double(steps - rising)
        switch shape {
        case .constant: return 1
        case .cosine: return (1 + cos(.pi * fallen)) / 2
        case .linear: return 1 - fallen
        }
    }
}
