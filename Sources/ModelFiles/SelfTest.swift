internal import Bitmaps
public import SqueezeNet

/// What the model's maker computed for a few pictures, which are made of a number: where it is computed again and comes out
/// otherwise, the weights are not what they were, or the kernels that compute are wrong.
public struct SelfTest: Codable, Equatable, Sendable {
    struct Answer: Codable, Equatable {
        /// The picture is made of it.
        let seed: Int
        /// Of all classes, or of `mostLogits` of them, evenly.
        let logits: [Float]
    }

    /// The picture that says the most, first.
    let pictures: [Answer]

    static let mostPictures = 4
    /// A picture's.
    static let mostLogits = 4_096
    /// How far logits may be off, as a part of the largest: kernel sets differ by less than a hundredth of it.
    static let tolerance: Float = 1e-3
    /// What the largest logit is taken for at least: where all are next to nothing, rounding is all there is.
    static let leastLogit: Float = 0.01

    /// How many pictures are tried, of which those are kept that say the most.
    private static let tried = 6
    private static let kept = 2

    /// nil where weights make logits that are no numbers.
    init?(of classifier: Classifier) {
        let answers = (0..<Self.tried).map { Answer(seed: $0, logits: Self.logits(of: $0, classifier)) }
        guard answers.allSatisfy({ $0.logits.allSatisfy(\.isFinite) }) else { return nil }
        func largest(_ answer: Answer) -> Float { answer.logits.map(abs).max() ?? 0 }
        // Stable, so that of the same weights the same are kept.
        let order = answers.sorted { (largest($0), $1.seed) > (largest($1), $0.seed) }
        pictures = Array(order.prefix(Self.kept))
    }

    /// Of pictures.
    private static let seeds = 0...1_000_000

    /// - Throws: `ModelFileError` for what can be no self-test of a network of so many classes.
    func validate(classes: Int) throws(ModelFileError) {
        guard (1...Self.mostPictures).contains(pictures.count) else {
            throw ModelFileError(
                "its selfTest has \(pictures.count) pictures; right would be 1 to \(Self.mostPictures)")
        }
        let count = min(classes, Self.mostLogits)
        for (place, answer) in pictures.enumerated() {
            guard Self.seeds.contains(answer.seed) else {
                throw ModelFileError(
                    "its selfTest.pictures[\(place)].seed is \(answer.seed); right would be 0 to \(Self.seeds.upperBound)"
                )
            }
            guard answer.logits.count == count else {
                throw ModelFileError(
                    "its selfTest.pictures[\(place)] has \(answer.logits.count) logits; right would be \(count)")
            }
            guard answer.logits.allSatisfy(\.isFinite) else {
                throw ModelFileError("its selfTest.pictures[\(place)] has logits that are not finite")
            }
        }
    }

    /// - Throws: `ModelFileError` if the classifier computes something else.
    func check(_ classifier: Classifier) throws(ModelFileError) {
        let largest = pictures.flatMap(\.logits).reduce(Self.leastLogit) { max($0, abs($1)) }
        // Eight bits are exact.
        let error = classifier.isQuantized ? 0 : Self.tolerance * largest
        for answer in pictures {
            let found = Self.logits(of: answer.seed, classifier)
            for (place, (now, then)) in zip(found, answer.logits).enumerated() {
                // Not a number is no less than anything.
                guard abs(now - then) <= error else {
                    let index = Self.place(place, of: classifier.network.classes)
                    throw ModelFileError(
                        """
                        its self-test fails: with kernels \(classifier.kernels) the logit of class \(index) is \(now), where the \
                        model was made it was \(then); either its weights are damaged, or these kernels compute wrongly, which \
                        another set of them would show (SQZ_KERNELS)
                        """)
                }
            }
        }
    }

    private static func logits(of seed: Int, _ classifier: Classifier) -> [Float] {
        let side = classifier.preprocessing.squares.first?.side ?? classifier.preprocessing.size
        let all = picture(seed, side: side).withUnsafeBytes {
            classifier.classify([Picture(planes: $0, width: side, height: side)])
        }
        return (0..<min(all.count, mostLogits)).map { all[place($0, of: all.count)] }
    }

    /// The class of the place-th logit that is kept.
    private static func place(_ place: Int, of classes: Int) -> Int {
        place * classes / min(classes, mostLogits)
    }

    /// Planes of a picture of coarse and of fine random values, so that layers see edges and areas.
    private static func picture(_ seed: Int, side: Int) -> [UInt8] {
        let cell = max(1, side / 8)
        let cells = (side + cell - 1) / cell
        let coarse = bytes(3 * cells * cells, CounterRandom(seed: 0, purpose: .selfTest, epoch: 0, index: 2 * seed))
        let fine = bytes(3 * side * side, CounterRandom(seed: 0, purpose: .selfTest, epoch: 0, index: 2 * seed + 1))
        return fine.indices.map { place in
            let (plane, row, column) = (place / (side * side), place / side % side, place % side)
            let area = coarse[(plane * cells + row / cell) * cells + column / cell]
            return UInt8((3 * Int(area) + Int(fine[place])) / 4)
        }
    }

    private static func bytes(_ count: Int, _ random: CounterRandom) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 15)
        for block in 0..<(count + 15) / 16 {
            let words = random.words(block: block)
            for word in [words.0, words.1, words.2, words.3] {
                for shift in [UInt32(0), 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
            }
        }
        return Array(bytes[..<count])
    }
}

extension ModelFile {
    /// Computes the model's logits, once it has shown that they are what they were where the model was made.
    /// - Throws: `ModelFileError` where they are not; `EngineError`.
    public func classifier(threads: Int, kernels: Kernels = .selected) throws -> Classifier {
        let classifier = try untested(threads: threads, kernels: kernels)
        if let selfTest {
            try selfTest.check(classifier)
            classifier.releaseMemory()
        }
        return classifier
    }

    /// With what it computes here and now, for those who will use it.
    public func withSelfTest(threads: Int) throws -> ModelFile {
        var model = self
        model.selfTest = SelfTest(of: try untested(threads: threads, kernels: .selected))
        return model
    }

    private func untested(threads: Int, kernels: Kernels) throws(EngineError) -> Classifier {
        switch parameters {
        case .float32, .shared:
            try Classifier(
                network: network, weights: weights, preprocessing: preprocessing, threads: threads, kernels: kernels)
        case .int8(let weights):
            try Classifier(
                network: network, weights: weights, preprocessing: preprocessing, threads: threads, kernels: kernels)
        }
    }
}
