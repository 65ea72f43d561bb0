internal import CSqueezeKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How weights follow their gradients. One more is a kernel and a case here.
public enum Optimizer: Codable, Equatable, Sendable {
    /// Adam as TensorFlow defines it (Kingma and Ba, arXiv 1412.6980, the form before section 2.1's end: the bias corrections in
    /// the step, epsilon outside the root).
    case adam(beta1: Float, beta2: Float, epsilon: Float)

    /// What it keeps of each weight, by name; zero at the beginning.
    public var slots: [String] {
        switch self {
        // The running means of the gradients and of their squares.
        case .adam: ["firstMoment", "secondMoment"]
        }
    }

    /// - Throws: `EngineError.hyperparameter` if a constant makes no sense.
    func validate() throws(EngineError) {
        switch self {
        case .adam(let beta1, let beta2, let epsilon):
            guard (0..<1).contains(beta1), (0..<1).contains(beta2), epsilon.isFinite, epsilon > 0 else {
                throw .hyperparameter("Adam's betas must be in 0..<1 and its epsilon above 0")
            }
        }
    }

    /// Moves some weights along their gradient, and changes what is kept of them in the slots.
    typealias Rule = (
        _ count: Int, _ gradient: UnsafePointer<Float>, _ weights: UnsafeMutablePointer<Float>,
        _ slot: (Int) -> UnsafeMutablePointer<Float>
    ) -> Void

    /// What any part of the weights goes through in the step-th step, counted from 1.
    func rule(step: Int, learningRate: Float, _ kernels: UnsafePointer<sqz_kernels>) -> Rule {
        switch self {
        case .adam(let beta1, let beta2, let epsilon):
            let correction1 = 1 - pow(Double(beta1), Double(step))
            let correction2 = 1 - pow(Double(beta2), Double(step))
            let adam = sqz_adam(
                step: Float(Double(learningRate) * correction2.squareRoot() / correction1), beta1: beta1, beta2: beta2,
                epsilon: epsilon)
            return { count, gradient, weights, slot in
                withUnsafePointer(to: adam) { kernels.pointee.adam($0, count, gradient, weights, slot(0), slot(1)) }
            }
        }
    }
}
