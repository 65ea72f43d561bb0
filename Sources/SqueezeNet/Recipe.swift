internal import CSqueezeKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How a network is trained: softmax cross-entropy, mean over the batch, and Adam as TensorFlow defines it (Kingma and Ba, arXiv
/// 1412.6980, the form before section 2.1's end: the bias corrections in the step, epsilon outside the root).
public struct Recipe: Codable, Sendable, Equatable {
    /// The words of `--recipe`.
    public enum Name: String, CaseIterable, Codable, Sendable {
        case tutorial
    }

    public var name: Name
    public var learningRate: Float
    public var beta1: Float
    public var beta2: Float
    public var epsilon: Float
    /// Whether half of the last fire module's outputs are dropped at random.
    public var usesDropout: Bool
    public var augmentation: Augmentation

    /// Adam 1e-3, 0.9, 0.999, 1e-8; dropout 0.5.
    public static let tutorial = Recipe(
        name: .tutorial, learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, usesDropout: true,
        augmentation: Augmentation(padding: 0, flips: true))

    /// - Throws: `EngineError.hyperparameter` if a rate is not a finite positive number, or a beta is not in 0..<1.
    public func validate() throws(EngineError) {
        try augmentation.validate()
        guard learningRate.isFinite, learningRate > 0 else {
            throw .hyperparameter("the learning rate is \(learningRate); it must be a finite number above 0")
        }
        guard (0..<1).contains(beta1), (0..<1).contains(beta2), epsilon.isFinite, epsilon > 0 else {
            throw .hyperparameter("Adam's betas must be in 0..<1 and its epsilon above 0")
        }
    }
}

extension Recipe {
    /// Adam's constants for the step-th step, counted from 1.
    func adam(step: Int) -> sqz_adam {
        let correction1 = 1 - pow(Double(beta1), Double(step))
        let correction2 = 1 - pow(Double(beta2), Double(step))
        return sqz_adam(
            step: Float(Double(learningRate) * correction2.squareRoot() / correction1), beta1: beta1, beta2: beta2,
            epsilon: epsilon)
    }
}
