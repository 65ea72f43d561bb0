internal import CSqueezeKernels

/// Trains a network. It owns its memory and threads; use it from one thread at a time.
///
/// The weights after any number of steps are the same bits whatever `threads` is and wherever the training was interrupted: a
/// batch is cut into shards whose gradients are summed in a fixed tree.
public final class Trainer {
    public let network: Network
    public let preprocessing: Preprocessing
    public let recipe: Recipe
    public let seed: UInt64
    /// Steps taken so far, those before a resumption included.
    public private(set) var steps: Int

    private let plan: Plan
    private let kernels: UnsafePointer<sqz_kernels>
    private let pool: ComputePool
    private let arena: Arena
    private let offsets: Offsets
    private let sums: GradientSums
    private var shards = [Evaluation](repeating: Evaluation(), count: GradientSums.shards)

    /// Where the parts of the arena begin.
    private struct Offsets {
        var parameters: Int
        /// The optimizer's, one behind the other.
        var slots: Int
        var prepared: Int
        var gradients: Int
        var threads: Int
        var count: Int
    }

    /// - Parameters:
    ///   - state: a new one from initial weights, or that of a `Trainer` whose training goes on here.
    ///   - seed: keys every random number of the training.
    ///   - kernels: what to compute with; tests choose.
    /// - Throws: `EngineError` if sizes do not match, a hyperparameter makes no sense, or memory or threads cannot be had.
    public init(
        network: Network, preprocessing: Preprocessing, recipe: Recipe = .tutorial, state: TrainerState, seed: UInt64,
        threads: Int, kernels: Kernels = .selected
    ) throws(EngineError) {
        try recipe.validate()
        try preprocessing.validate(for: network)
        try state.validate(for: network, recipe.optimizer)
        self.network = network
        self.preprocessing = preprocessing
        self.recipe = recipe
        self.seed = seed
        self.kernels = kernels.table
        steps = state.steps
        plan = Plan(network, training: true)
        pool = try ComputePool(threads: threads)
        var layout = ArenaLayout()
        offsets = Offsets(
            parameters: layout.reserve(plan.packed.count),
            slots: layout.reserve(plan.packed.count * recipe.optimizer.slots.count),
            prepared: layout.reserve(plan.preparedCount),
            gradients: layout.reserve(plan.packed.count * GradientSums.shards),
            threads: layout.reserve(plan.arenaCount * threads), count: layout.count)
        arena = try Arena(floats: layout.count)
        sums = GradientSums(
            buffers: arena.floats + offsets.gradients, count: plan.packed.count, kernels: kernels.table)
        plan.packed.pack(state.weights, into: parameters)
        for (index, name) in recipe.optimizer.slots.enumerated() {
            if let values = state.slots[name] { plan.packed.pack(values, into: slot(index)) }
        }
        prepareWeights()
    }

    /// A copy of all that a checkpoint needs.
    public var state: TrainerState {
        let slots = recipe.optimizer.slots.enumerated().map { ($1, unpacked(slot($0))) }
        return TrainerState(weights: weights, slots: Dictionary(uniqueKeysWithValues: slots), steps: steps)
    }

    /// A copy of the weights as they are.
    public var weights: Weights { unpacked(parameters) }

    /// One step: augmentation, forward, backward, optimizer. Any batch size will do; the last batch of an epoch may be smaller.
    /// - Parameter epoch: keys the random crops, flips and dropout, with the seed and each example's index.
    /// - Returns: what the network, with its dropout, made of the batch before the step. If the loss is not finite, the training
    ///   has diverged and the weights are of no use any more.
    /// - Precondition: the batch is not empty, and every label is below `network.classes`.
    public func step(_ batch: UnsafeBufferPointer<Example>, epoch: Int) -> Evaluation {
        precondition(!batch.isEmpty && batch.allSatisfy { (0..<network.classes).contains($0.label) })
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
        return unpacked(sums.takeTotal())
    }

    private var parameters: UnsafeMutablePointer<Float> { arena.floats + offsets.parameters }

    private func slot(_ index: Int) -> UnsafeMutablePointer<Float> {
        arena.floats + offsets.slots + index * plan.packed.count
    }

    private func unpacked(_ packed: UnsafePointer<Float>) -> Weights {
        plan.packed.unpack(packed, count: network.parameterCount)
    }

    private func memory(_ thread: Int) -> Memory {
        let own = arena.floats + offsets.threads + thread * plan.arenaCount
        return Memory(
            arena: own, own: own, parameters: parameters, prepared: arena.floats + offsets.prepared, kernels: kernels)
    }

    private func computeGradients(_ batch: UnsafeBufferPointer<Example>, epoch: Int) {
        shards.withUnsafeMutableBufferPointer { shards in
            let shards = shards.baseAddress!
            pool.run(GradientSums.shards) { shard, thread in
                shards[shard] = sums.add(shard: shard) {
                    computeShard(shard, of: batch, epoch: epoch, memory(thread), into: $0)
                }
            }
        }
    }

    /// A shard's examples are computed in order, by one thread: which one changes nothing.
    private func computeShard(
        _ shard: Int, of batch: UnsafeBufferPointer<Example>, epoch: Int, _ memory: Memory,
        into total: UnsafeMutablePointer<Float>
    ) -> Evaluation {
        var result = Evaluation()
        let shardRange = shard * batch.count / GradientSums.shards..<(shard + 1) * batch.count / GradientSums.shards
        guard !shardRange.isEmpty else {
            total.update(repeating: 0, count: plan.packed.count)
            return result
        }
        plan.packed.clearGradients(total)
        for start in stride(from: shardRange.lowerBound, to: shardRange.upperBound, by: plan.chunk) {
            let examples = batch[start..<min(shardRange.upperBound, start + plan.chunk)]
            let dropout = { [seed] (place: Int) in
                CounterRandom(
                    seed: seed, purpose: .dropout, epoch: epoch, index: examples[examples.startIndex + place].index)
            }
            plan.forward(examples.count, memory, dropout: recipe.usesDropout ? dropout : nil) { place in
                let example = examples[examples.startIndex + place]
                plan.load(
                    example.picture, at: place, preprocessing,
                    draw: recipe.augmentation.draw(seed: seed, epoch: epoch, index: example.index), memory)
            }
            for (place, example) in examples.enumerated() {
                result.add(
                    UnsafeBufferPointer(start: memory(plan.logits, place), count: network.classes),
                    label: example.label,
                    scale: 1 / Float(batch.count), gradient: plan.logitGradient(place, memory))
            }
            plan.backward(
                examples.count, memory, isFirst: start == shardRange.lowerBound,
                dropout: recipe.usesDropout ? dropout : nil, into: total)
        }
        plan.finishGradients(memory, total)
        return result
    }

    private func updateWeights() {
        steps += 1
        let move = recipe.optimizer.rule(step: steps, learningRate: recipe.learningRate, kernels)
        let gradients = sums.takeTotal()
        let count = plan.packed.count
        let slice = 4_096
        pool.run((count + slice - 1) / slice) { task, _ in
            let start = task * slice
            move(min(slice, count - start), gradients + start, parameters + start) { slot($0) + start }
        }
        prepareWeights()
    }

    private func prepareWeights() {
        pool.run(plan.preparationTasks) { task, _ in
            plan.prepare(
                task: task, parameters: parameters, prepared: arena.floats + offsets.prepared, kernels: kernels)
        }
    }
}
