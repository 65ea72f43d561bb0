internal import CSqueezeKernels

/// Trains a network. It owns its memory and threads; use it from one thread at a time.
///
/// The weights after any number of steps are the same bits whatever `threads` is, however many ranks there are, and wherever the
/// training was interrupted: a batch is cut into shards whose gradients are summed in a fixed tree.
public final class Trainer {
    public let network: Network
    public let preprocessing: Preprocessing
    public let recipe: Recipe
    public let seed: UInt64
    /// Steps of the whole training, over which the schedule goes.
    public let plannedSteps: Int
    /// Steps taken so far, those before a resumption included.
    public internal(set) var steps: Int

    let plan: Plan
    /// What a step computes, where the recipe normalizes.
    let normalized: NormalizedPlan?
    /// What is computed and not trained.
    let backbone: Backbone?
    /// Where a teacher's logits come from.
    let teacher: Backbone?
    private let initial: Weights
    let kernels: UnsafePointer<sqz_kernels>
    let pool: ComputePool
    let arena: Arena
    let offsets: Offsets
    let sums: GradientSums
    /// Those that train with this one; each makes all steps, of the same batches, and has the same weights.
    let ranks: Collective
    let segments: [Segment]
    /// Convolutions whose weights move as matrices, the largest first; no segment has them.
    let matrices: [PackedParameters.Slot]
    /// What is kept of the weights' form; nil where nothing is.
    let shared: SharedNumbers?
    let rounding: Rounding?
    var shards = [Evaluation](repeating: Evaluation(), count: GradientSums.shards)
    /// Whether the folded weights are those of now.
    var isSettled = false

    /// Where the parts of the arena begin.
    struct Offsets {
        var parameters: Int
        /// The optimizer's, one behind the other.
        var slots: Int
        /// Of the averaged weights; nil where there are none.
        var average: Int?
        /// Of the weights with their normalization folded; nil where there is none.
        var folded: Int?
        /// Of the weights as whole numbers; nil where they are computed with as they are.
        var rounded: Int?
        var prepared: Int
        var gradients: Int
        var threads: Int
        /// The logits of a teacher, of the pictures that a thread computes together; of no size where there is none.
        var lessons: Int
        var lessonCount: Int
        /// What each thread moves matrices in; of no size where the optimizer does not.
        var matrices: Int
        var matrixCount: Int
        var count: Int
    }

    /// Neighbouring parameters that move by the same rule.
    struct Segment {
        var range: Range<Int>
        /// Whether they are the classifier's, whose learning rate may be another.
        var isClassifier: Bool
        /// Whether weight decay is theirs.
        var decays: Bool
    }

    /// - Parameters:
    ///   - teacher: whom the recipe's distillation is of.
    ///   - constraint: what is kept of the weights' form; the state's have it.
    ///   - state: a new one from initial weights, or that of a `Trainer` whose training goes on here.
    ///   - seed: keys every random number of the training.
    ///   - plannedSteps: those of the whole training; a schedule that changes the rate needs them.
    ///   - kernels: what to compute with; tests choose.
    ///   - ranks: who trains, all with the same arguments but for `threads`.
    /// - Throws: `EngineError` if sizes do not match, a hyperparameter makes no sense, or memory or threads cannot be had.
    public init(
        network: Network, preprocessing: Preprocessing, recipe: Recipe = .tutorial, teacher: Teacher? = nil,
        constraint: Constraint? = nil, state: TrainerState, seed: UInt64, plannedSteps: Int = 0, threads: Int,
        kernels: Kernels = .selected, ranks: Collective = .alone
    ) throws(EngineError) {
        try recipe.validate()
        try preprocessing.validate(for: network)
        try state.validate(for: network, recipe)
        guard recipe.schedule.isPlain || plannedSteps > 0 else {
            throw .hyperparameter("a schedule goes over the steps of a training, and none are planned")
        }
        if let weights = recipe.classWeights, weights.count != network.classes {
            throw .hyperparameter("\(weights.count) classes have weights; there are \(network.classes)")
        }
        let frozen = recipe.frozenModules ?? 0
        guard recipe.normalizationGroup == 0 || frozen == 0 && network.classifierPadding == 0 else {
            throw .hyperparameter("a network with frozen modules or a padded classifier is not normalized")
        }
        guard (0...network.modules).contains(frozen) else {
            throw .hyperparameter(
                "\(network.name) has \(network.modules) modules; frozen can't be \(frozen)")
        }
        try constraint?.validate(with: recipe)
        try teacher?.validate(for: network)
        guard (teacher != nil) == (recipe.distillation != nil) else {
            throw .hyperparameter(
                teacher == nil
                    ? "the recipe learns of a teacher, and there is none" : "the recipe has no use for a teacher")
        }
        self.network = network
        self.preprocessing = preprocessing
        self.recipe = recipe
        self.seed = seed
        self.plannedSteps = plannedSteps
        self.kernels = kernels.table
        self.ranks = ranks
        steps = state.steps
        let blocks = frozen == 0 ? 0 : network.blocks(ofModules: frozen)
        plan = Plan(
            network, blocks: blocks..<network.blocks.count, training: true, rectifiesScores: recipe.rectifiesScores)
        normalized =
            recipe.normalizationGroup == 0 ? nil : NormalizedPlan(plan, group: recipe.normalizationGroup)
        pool = try ComputePool(threads: threads)
        initial = state.weights
        backbone =
            blocks == 0
            ? nil
            : try Backbone(
                network, blocks: blocks, weights: state.weights, preprocessing, pool: pool, kernels: kernels.table)
        self.teacher = try teacher?.backbone(of: preprocessing, pool: pool, kernels: kernels.table)
        switch constraint {
        case nil: (shared, rounding) = (nil, nil)
        case .shared(let numbers): (shared, rounding) = (SharedNumbers(numbers, plan.packed), nil)
        case .rounded(let scales, let bits):
            (shared, rounding) = (nil, Rounding(scales, bits: bits, network, plan.packed))
        case .nearest(let codebooks, let zeros):
            shared = SharedNumbers(Constraint.sparseNumbers(zeros, of: network), plan.packed)
            rounding = Rounding(nearestOf: codebooks, plan.packed)
        }
        let lessonCount = (self.teacher?.features ?? 0) * max(plan.chunk, recipe.normalizationGroup)
        matrices =
            recipe.optimizer.movesMatrices
            ? plan.packed.slots.dropLast().sorted { $0.rows * $0.panels > $1.rows * $1.panels } : []
        let matrixCount = matrices.map(Muon.scratchCount).max() ?? 0
        var layout = ArenaLayout()
        offsets = Offsets(
            parameters: layout.reserve(plan.packed.count),
            slots: layout.reserve(plan.packed.count * recipe.optimizer.slots.count),
            average: recipe.averageDecay > 0 ? layout.reserve(plan.packed.count) : nil,
            folded: normalized == nil ? nil : layout.reserve(plan.packed.count),
            rounded: rounding == nil ? nil : layout.reserve(plan.packed.count),
            prepared: layout.reserve(plan.preparedCount),
            gradients: layout.reserve(plan.packed.count * GradientSums.shards),
            threads: layout.reserve((normalized?.arenaCount ?? plan.arenaCount) * threads),
            lessons: layout.reserve(lessonCount * threads),
            lessonCount: lessonCount,
            matrices: layout.reserve(matrixCount * threads),
            matrixCount: matrixCount,
            count: layout.count)
        arena = try Arena(floats: layout.count)
        sums = GradientSums(
            buffers: arena.floats + offsets.gradients, count: plan.packed.count, kernels: kernels.table, ranks: ranks)
        // The classifier's parameters come last.
        let classifier = plan.packed.slots.last!.weight
        segments = plan.packed.slots.flatMap { slot in
            let isClassifier = slot.weight == classifier
            let biases = Segment(
                range: slot.bias..<slot.bias + slot.panels * 16, isClassifier: isClassifier, decays: false)
            guard isClassifier || !recipe.optimizer.movesMatrices else { return [biases] }
            return [Segment(range: slot.weight..<slot.bias, isClassifier: isClassifier, decays: true), biases]
        }
        plan.packed.pack(state.weights, into: parameters)
        if let average { plan.packed.pack(state.average ?? state.weights, into: average) }
        for (index, name) in recipe.optimizer.slots.enumerated() {
            if let values = state.slots[name] { plan.packed.pack(values, into: slot(index)) }
        }
        prepareComputed()
    }

    /// A copy of all that a checkpoint needs.
    public var state: TrainerState {
        let slots = recipe.optimizer.slots.enumerated().map { ($1, unpacked(slot($0), others: zeros)) }
        return TrainerState(
            weights: weights, slots: Dictionary(uniqueKeysWithValues: slots),
            average: average.map { unpacked($0, others: initial.values) }, steps: steps)
    }

    /// A copy of the weights as they are.
    public var weights: Weights { unpacked(parameters, others: initial.values) }

    /// A copy of the weights that the training is for: the averaged ones, where the recipe averages, with their normalization folded,
    /// where it normalizes, and of whole numbers, where it is for these.
    /// - Precondition: `settle` was called since the last step.
    public var result: Weights { unpacked(judged, others: initial.values) }

    /// One step: augmentation, forward, backward, optimizer. Any batch size will do; the last batch of an epoch may be smaller.
    /// - Parameter epoch: keys the random crops, flips and dropout, with the seed and each example's index.
    /// - Returns: what the network, with its dropout, made of the batch before the step. If the loss is not finite, the training
    ///   has diverged and the weights are of no use any more.
    /// - Precondition: the batch is not empty, and every label is below `network.classes`.
    public func step(_ batch: UnsafeBufferPointer<Example>, epoch: Int) -> Evaluation {
        precondition(!batch.isEmpty && batch.allSatisfy { (0..<network.classes).contains($0.label) })
        isSettled = false
        computeGradients(batch, epoch: epoch)
        updateWeights()
        return shards.reduce(into: Evaluation(), +=)
    }

    /// As `step(_:epoch:)`.
    public func step(_ batch: [Example], epoch: Int) -> Evaluation {
        batch.withUnsafeBufferPointer { step($0, epoch: epoch) }
    }

    /// The gradient of a batch's mean loss, in the order of the weights, without a step: for tests.
    package func gradients(of batch: [Example], epoch: Int) -> Weights {
        batch.withUnsafeBufferPointer { computeGradients($0, epoch: epoch) }
        return unpacked(sums.takeTotal(pool), others: zeros)
    }

    var parameters: UnsafeMutablePointer<Float> { arena.floats + offsets.parameters }
    var average: UnsafeMutablePointer<Float>? { offsets.average.map { arena.floats + $0 } }
    var folded: UnsafeMutablePointer<Float>? { offsets.folded.map { arena.floats + $0 } }
    private var rounded: UnsafeMutablePointer<Float>? { offsets.rounded.map { arena.floats + $0 } }
    /// What a step computes with.
    var computed: UnsafeMutablePointer<Float> { rounded ?? parameters }
    /// What the training is for, before any folding.
    var trained: UnsafeMutablePointer<Float> { average ?? parameters }
    var judged: UnsafeMutablePointer<Float> {
        guard let folded else { return rounded ?? trained }
        precondition(isSettled, "the normalization of these weights is not folded")
        return folded
    }

    func slot(_ index: Int) -> UnsafeMutablePointer<Float> {
        arena.floats + offsets.slots + index * plan.packed.count
    }

    private func unpacked(_ packed: UnsafePointer<Float>, others: [Float]) -> Weights {
        plan.packed.unpack(packed, others: others)
    }

    private var zeros: [Float] { [Float](repeating: 0, count: network.parameterCount) }

    func memory(_ thread: Int, _ parameters: UnsafeMutablePointer<Float>) -> Memory {
        let own = arena.floats + offsets.threads + thread * (normalized?.arenaCount ?? plan.arenaCount)
        return Memory(
            arena: own, own: own, parameters: parameters, prepared: arena.floats + offsets.prepared, kernels: kernels)
    }

    /// Brings the weights that a step computes with into the form that the kernels read, after they have moved.
    func prepareComputed() {
        if let rounded { rounding?.round(parameters, into: rounded) }
        prepare(computed)
    }

    /// Brings weights into the form that the kernels read.
    func prepare(_ parameters: UnsafeMutablePointer<Float>) {
        pool.run(plan.preparationTasks) { task, _ in
            plan.prepare(
                task: task, parameters: parameters, prepared: arena.floats + offsets.prepared, kernels: kernels)
        }
    }
}
