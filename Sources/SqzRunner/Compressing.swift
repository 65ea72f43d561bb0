internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// A compression job (Han et al., Deep Compression, arXiv 1510.00149): of a model one most of whose weights are zero and whose others are
/// few numbers. Weights are pruned while what is left learns, then learn which of few numbers to be, then these learn; the file has them
/// Huffman-coded.
struct Compressing {
    private let options: CompressOptions
    private let remaking: Remaking

    private static let pruningRate: Float = 1e-3
    /// What weights learn by whose numbers there are, and what these do.
    private static let sharingRate: Float = 5e-4
    /// Bytes that the history's accuracy and loss and the digits of the self-test may take.
    private static let figures = 512
    /// How much sparser it becomes where the file is still too large.
    private static let sparsityStep = 0.005
    private static let mostSparse = 0.98

    init(_ remaking: Remaking, _ options: CompressOptions) throws {
        guard remaking.model.bits == 32 else {
            throw SqzError.invalidOption(
                option: "base",
                reason: "is a model of \(remaking.model.bits) bits; right would be the model that it was made of")
        }
        if options.target != nil, options.sparsity != nil {
            throw SqzError.invalidOption(
                option: "sparsity", reason: "is what the target decides; right would be one of both")
        }
        self.options = options
        self.remaking = remaking
    }

    /// nil if it was asked to stop.
    func run() throws -> RunResult? {
        let network = remaking.model.network
        let sparsity = try options.sparsity ?? sparsity()
        // Half of the epochs prune and heal, a third choose among the numbers, a sixth train these.
        let (choosing, sharing) = (options.epochs / 3, options.epochs / 6)
        let pruning = options.epochs - choosing - sharing
        let pruned = try learn(
            "prune", 0..<pruning, Self.pruningRate, from: remaking.model.weights,
            reshape: { $0.pruned(network, sparsity: Self.sparsity(sparsity, epoch: $1, of: pruning)) },
            { .sparse($0, of: network) })
        guard var weights = pruned?.pruned(network, sparsity: sparsity) else { return nil }
        if choosing > 0 {
            let codebooks = try fitting(&weights, nil).codebooks
            let chosen = try learn("choose", pruning..<pruning + choosing, Self.sharingRate, from: weights) {
                .nearest(codebooks: codebooks, zeros: $0)
            }
            guard let chosen else { return nil }
            weights = chosen
        }
        var shared = try fitting(&weights, compensations())
        let constraint = shared.constraint(of: network)
        let learnt = try learn(
            "share", pruning + choosing..<options.epochs, Self.sharingRate, from: shared.weights(of: network)
        ) { _ in constraint }
        guard let learnt else { return nil }
        shared = try shared.following(learnt, of: network)
        var compressed = remaking.model
        compressed.parameters = .shared(shared)
        compressed.selfTest = nil
        guard let before = try remaking.measure(remaking.model, epoch: all - 1, of: all),
            let after = try remaking.measure(compressed, epoch: all, of: all)
        else { return nil }
        return try remaking.write(compressed, before, after) { describe(&$0, shared) }
    }

    /// The job's epochs, and those that measure.
    private var all: Int { options.epochs + 2 }

    /// A phase's weights at its end, those that it began with where it has no epochs; nil if it was asked to stop.
    private func learn(
        _ phase: String, _ epochs: Range<Int>, _ rate: Float, from weights: Weights,
        reshape: (Weights, _ epoch: Int) -> Weights = { weights, _ in weights }, _ constraint: (Weights) -> Constraint
    ) throws -> Weights? {
        guard !epochs.isEmpty else { return weights }
        return try Finetuning(remaking, phase: phase, epochs: epochs, of: all, learningRate: rate)
            .learn(from: weights, reshape: reshape, constraint)
    }

    /// How weights that learn nothing make up for each other.
    private func compensations() throws -> [Compensation?]? {
        let model = remaking.model
        guard options.epochs == 0 else { return nil }
        let calibration = try remaking.calibration(of: model.weights)
        let pictures = remaking.calibrationPictures(QuantizeOptions.usualPictures)
        return calibration.compensations(of: pictures, steps: calibration.steps(of: pictures, by: .error))
    }

    /// Of weights that may take more than was foreseen: more of them become zero then.
    private func fitting(_ weights: inout Weights, _ compensations: [Compensation?]?) throws -> SharedWeights {
        let network = remaking.model.network
        func shared(_ weights: Weights) throws -> SharedWeights {
            try SharedWeights(
                sharing: weights, of: network, bits: options.bits, standingFor: remaking.model.weights,
                compensations: compensations)
        }
        var fitting = try shared(weights)
        while let target = options.target?.bytes, try size(of: fitting) > target {
            let sparsity = fitting.sparsity + Self.sparsityStep
            guard sparsity < Self.mostSparse else { throw tooLarge(target, try size(of: fitting)) }
            weights = weights.pruned(network, sparsity: sparsity)
            fitting = try shared(weights)
        }
        return fitting
    }

    private func describe(_ generation: inout History.Generation, _ shared: SharedWeights) {
        generation.bits = options.bits
        generation.epochs = options.epochs
        let percent = Int((100 * shared.sparsity).rounded())
        generation.options = [.init(name: "zeros", value: "\(percent) %")]
    }

    /// Most is pruned early, while there is time to heal (Zhu and Gupta, arXiv 1710.01878, section 3.1).
    private static func sparsity(_ whole: Double, epoch: Int, of epochs: Int) -> Double {
        // The last third heals.
        let share = min(1, Double(epoch) / max(1, (2 * Double(epochs) / 3).rounded()))
        let left = 1 - share
        return whole * (1 - left * left * left)
    }

    /// How much has to be zero so that the file is as small as it is to be.
    private func sparsity() throws -> Double {
        guard let target = options.target?.bytes else { return CompressOptions.usualSparsity }
        let (network, weights) = (remaking.model.network, remaking.model.weights)
        func size(_ sparsity: Double) throws -> Int {
            try self.size(
                of: SharedWeights(
                    sharing: weights.pruned(network, sparsity: sparsity), of: network, bits: options.bits))
        }
        var (low, high) = (0.0, Self.mostSparse)
        guard try size(high) <= target else { throw tooLarge(target, try size(high)) }
        if try size(low) <= target { return low }
        while high - low > Self.sparsityStep {
            let middle = (low + high) / 2
            if try size(middle) <= target { high = middle } else { low = middle }
        }
        return high
    }

    /// Of the model's file, with room for the figures that are not known yet.
    private func size(of shared: SharedWeights) throws -> Int {
        var model = remaking.model
        model.parameters = .shared(shared)
        return try remaking.finished(model) { describe(&$0, shared) }.fileSize(sharing: shared) + Self.figures
    }

    private func tooLarge(_ target: Int, _ size: Int) -> SqzError {
        .invalidOption(
            option: "target",
            reason:
                "is \(target) bytes; with \(options.bits) bits and nearly all weights zero it would still be \(size)")
    }
}
