internal import CSqueezeKernels

/// Computes logits. It owns its memory and threads; use it from one thread at a time.
public final class Classifier {
    /// How many threads a `Classifier` or a `Trainer` may have.
    public static let mostThreads = ComputePool.allowedThreads.upperBound

    public let network: Network
    public let preprocessing: Preprocessing
    /// What computes.
    public let kernels: Kernels

    private enum Engine {
        case float(FloatInference)
        case quantized(QuantizedInference)
    }

    private let engine: Engine

    /// - Parameter rectifiesScores: whether the scores have their ReLU; not where weights are validated before `Weights.lift`.
    /// - Throws: `EngineError` if sizes do not match, or memory or threads cannot be had.
    public init(
        network: Network, weights: Weights, preprocessing: Preprocessing, rectifiesScores: Bool = true, threads: Int,
        kernels: Kernels = .selected
    ) throws(EngineError) {
        try preprocessing.validate(for: network)
        self.network = network
        self.preprocessing = preprocessing
        self.kernels = kernels
        engine = .float(
            try FloatInference(
                network: network, weights: weights, preprocessing: preprocessing, rectifiesScores: rectifiesScores,
                threads: threads, kernels: kernels))
    }

    /// In eight bits: the logits are the same on every machine.
    /// - Throws: as the other.
    public init(
        network: Network, weights: QuantizedWeights, preprocessing: Preprocessing, threads: Int,
        kernels: Kernels = .selected
    ) throws(EngineError) {
        try preprocessing.validate(for: network)
        self.network = network
        self.preprocessing = preprocessing
        self.kernels = kernels
        engine = .quantized(
            try QuantizedInference(
                network: network, weights: weights, preprocessing: preprocessing, threads: threads, kernels: kernels))
    }

    /// Whether it computes in eight bits.
    public var isQuantized: Bool { if case .quantized = engine { true } else { false } }

    /// The logits of any number of pictures, `network.classes` for each, one picture after the other. Memory does not grow with
    /// their number.
    /// - Parameter mirrored: each picture's window is mirrored, left to right.
    /// - Precondition: `logits` has room for `pictures.count * network.classes` values.
    public func classify(
        _ pictures: UnsafeBufferPointer<Picture>, mirrored: Bool = false,
        into logits: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(logits.count >= pictures.count * network.classes)
        switch engine {
        case .float(let engine): engine.classify(pictures, mirrored: mirrored, into: logits)
        case .quantized(let engine): engine.classify(pictures, mirrored: mirrored, into: logits)
        }
    }

    /// As `classify(_:into:)`.
    public func classify(_ pictures: [Picture], mirrored: Bool = false) -> [Float] {
        [Float](unsafeUninitializedCapacity: pictures.count * network.classes) { logits, count in
            pictures.withUnsafeBufferPointer { classify($0, mirrored: mirrored, into: logits) }
            count = pictures.count * network.classes
        }
    }

    /// The means of pictures' logits and those of their mirror images.
    public static func means(_ plain: [Float], _ mirrored: [Float]) -> [Float] {
        zip(plain, mirrored).map { ($0 + $1) / 2 }
    }

    /// Says that there will be something to classify in a moment: threads that sleep take some 50 us to begin. From any thread.
    public func expect() {
        switch engine {
        case .float(let engine): engine.pool.rouse()
        case .quantized(let engine): engine.pool.rouse()
        }
    }

    /// Gives back the memory of what was computed last, as it was before anything was.
    public func releaseMemory() {
        switch engine {
        case .float(let engine): engine.releaseMemory()
        case .quantized(let engine): engine.releaseMemory()
        }
    }

    /// Loss and hits on labelled pictures.
    /// - Precondition: as many labels as pictures, each below `network.classes`.
    public func evaluate(_ pictures: [Picture], labels: [Int]) -> Evaluation {
        precondition(pictures.count == labels.count)
        var evaluation = Evaluation()
        let logits = classify(pictures)
        for (index, label) in labels.enumerated() {
            evaluation.add(logits: logits[index * network.classes..<(index + 1) * network.classes], label: label)
        }
        return evaluation
    }
}

/// The probabilities that logits stand for: softmax, in double precision inside.
public func softmax(_ logits: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: logits.count) { probabilities, count in
        sqz_softmax(Int32(logits.count), logits, probabilities.baseAddress!)
        count = logits.count
    }
}
