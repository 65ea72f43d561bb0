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
    /// AdamW as PyTorch defines it (Loshchilov and Hutter, arXiv 1711.05101): the decay beside the gradient, epsilon added to the
    /// corrected root.
    case adamW(beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float)
    /// Stochastic gradient descent with Nesterov's momentum as PyTorch defines it, the decay in the gradient.
    case sgd(momentum: Float, weightDecay: Float)
    /// Muon for the weights of all convolutions but the classifier (`Muon.swift`), the decay beside the gradient. The classifier and the
    /// biases go by `sgd` at the same rate, with a decay that takes as much of a weight.
    case muon(momentum: Float, weightDecay: Float)

    /// What it keeps of each weight, by name; zero at the beginning.
    public var slots: [String] {
        switch self {
        // The running means of the gradients and of their squares.
        case .adam, .adamW: ["firstMoment", "secondMoment"]
        // The running sum of the gradients.
        case .sgd, .muon: ["velocity"]
        }
    }

    /// - Throws: `EngineError.hyperparameter` if a constant makes no sense.
    func validate() throws(EngineError) {
        switch self {
        case .adam(let beta1, let beta2, let epsilon):
            try Self.validate(beta1, beta2, epsilon)
        case .adamW(let beta1, let beta2, let epsilon, let weightDecay):
            try Self.validate(beta1, beta2, epsilon)
            try Self.validate(weightDecay)
        case .sgd(let momentum, let weightDecay), .muon(let momentum, let weightDecay):
            guard (0..<1).contains(momentum) else { throw .hyperparameter("the momentum must be in 0..<1") }
            try Self.validate(weightDecay)
        }
    }

    private static func validate(_ beta1: Float, _ beta2: Float, _ epsilon: Float) throws(EngineError) {
        guard (0..<1).contains(beta1), (0..<1).contains(beta2), epsilon.isFinite, epsilon > 0 else {
            throw .hyperparameter("Adam's betas must be in 0..<1 and its epsilon above 0")
        }
    }

    private static func validate(_ weightDecay: Float) throws(EngineError) {
        guard (0...1).contains(weightDecay) else { throw .hyperparameter("the weight decay must be in 0...1") }
    }

    /// Moves some weights along their gradient, and changes what is kept of them in the slots.
    typealias Rule = (
        _ count: Int, _ gradient: UnsafePointer<Float>, _ weights: UnsafeMutablePointer<Float>,
        _ slot: (Int) -> UnsafeMutablePointer<Float>
    ) -> Void

    /// What any part of the weights goes through in the step-th step, counted from 1.
    /// - Parameter decays: whether they do; biases do not.
    func rule(step: Int, learningRate: Double, decays: Bool, _ kernels: UnsafePointer<sqz_kernels>) -> Rule {
        switch self {
        case .adam(let beta1, let beta2, let epsilon):
            let (correction1, root) = Self.corrections(beta1, beta2, step: step)
            return Self.rule(
                sqz_adam(
                    step: Float(learningRate * root / correction1), beta1: beta1, beta2: beta2, epsilon: epsilon,
                    keep: 1), kernels)
        case .adamW(let beta1, let beta2, let epsilon, let weightDecay):
            let (correction1, root) = Self.corrections(beta1, beta2, step: step)
            let keep = decays ? 1 - learningRate * Double(weightDecay) : 1
            return Self.rule(
                sqz_adam(
                    step: Float(learningRate * root / correction1), beta1: beta1, beta2: beta2,
                    epsilon: Float(Double(epsilon) * root), keep: Float(keep)), kernels)
        case .sgd(let momentum, let weightDecay):
            let nesterov = sqz_nesterov(
                rate: Float(learningRate), momentum: momentum, decay: decays ? weightDecay : 0)
            return Self.rule(nesterov, kernels)
        case .muon(let momentum, let weightDecay):
            // What momentum adds up it takes 1 / (1 - momentum) times.
            let decay = decays ? weightDecay * (1 - momentum) : 0
            return Self.rule(
                sqz_nesterov(rate: Float(learningRate), momentum: momentum, decay: decay), kernels)
        }
    }

    /// The weights of convolutions but the classifier go through `matrixRule`.
    var movesMatrices: Bool { if case .muon = self { true } else { false } }

    /// What the weights of convolutions but the classifier go through instead, whole; nil where they go through the same as all.
    func matrixRule(learningRate: Double) -> Muon? {
        guard case .muon(let momentum, let weightDecay) = self else { return nil }
        return Muon(rate: Float(learningRate), momentum: momentum, weightDecay: weightDecay)
    }

    private static func rule(_ nesterov: sqz_nesterov, _ kernels: UnsafePointer<sqz_kernels>) -> Rule {
        { count, gradient, weights, slot in
            withUnsafePointer(to: nesterov) { kernels.pointee.nesterov($0, count, gradient, weights, slot(0)) }
        }
    }

    private static func rule(_ adam: sqz_adam, _ kernels: UnsafePointer<sqz_kernels>) -> Rule {
        { count, gradient, weights, slot in
            withUnsafePointer(to: adam) { kernels.pointee.adam($0, count, gradient, weights, slot(0), slot(1)) }
        }
    }

    /// What Adam's means lack because they began at zero: the first's factor, and the root of the second's.
    private static func corrections(_ beta1: Float, _ beta2: Float, step: Int) -> (Double, Double) {
        (1 - pow(Double(beta1), Double(step)), (1 - pow(Double(beta2), Double(step))).squareRoot())
    }
}

/// Optimizers as options name and change them.
extension Optimizer {
    public enum Name: String, CaseIterable, Sendable {
        case adam, adamw, sgd, muon
    }

    /// One with the numbers that are usual for it.
    public init(_ name: Name) {
        switch name {
        case .adam: self = .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
        case .adamw: self = .adamW(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01)
        case .sgd: self = .sgd(momentum: 0.9, weightDecay: 5e-4)
        case .muon: self = .muon(momentum: 0.95, weightDecay: 5e-3)
        }
    }

    public var name: Name {
        switch self {
        case .adam: .adam
        case .adamW: .adamw
        case .sgd: .sgd
        case .muon: .muon
        }
    }

    /// What it has of these; nil where there is none.
    public var numbers: (momentum: Float?, weightDecay: Float?) {
        switch self {
        case .adam: (nil, nil)
        case .adamW(_, _, _, let weightDecay): (nil, weightDecay)
        case .sgd(let momentum, let weightDecay), .muon(let momentum, let weightDecay): (momentum, weightDecay)
        }
    }

    /// With other numbers, of those that it has.
    public func with(momentum: Float?, weightDecay: Float?) -> Optimizer {
        switch self {
        case .adam: self
        case .adamW(let beta1, let beta2, let epsilon, let own):
            .adamW(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay ?? own)
        case .sgd(let ownMomentum, let own): .sgd(momentum: momentum ?? ownMomentum, weightDecay: weightDecay ?? own)
        case .muon(let ownMomentum, let own): .muon(momentum: momentum ?? ownMomentum, weightDecay: weightDecay ?? own)
        }
    }
}
