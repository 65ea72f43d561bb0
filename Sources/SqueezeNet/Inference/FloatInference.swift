internal import CSqueezeKernels

/// Computes logits in single precision.
final class FloatInference {
    private let network: Network
    private let preprocessing: Preprocessing

    private let plan: Plan
    /// What the threads do to one picture together: phases, and the runs of them between which they meet.
    private let phases: [Plan.Phase]
    private let runs: [Range<Int>]
    private let kernels: Kernels
    let pool: ComputePool
    private let arena: Arena
    private let preparedOffset: Int
    private let threadsOffset: Int

    init(
        network: Network, weights: Weights, preprocessing: Preprocessing, rectifiesScores: Bool, threads: Int,
        kernels: Kernels
    ) throws(EngineError) {
        guard weights.values.count == network.parameterCount else {
            throw .valueCount(weights.values.count, expected: network.parameterCount)
        }
        self.network = network
        self.preprocessing = preprocessing
        self.kernels = kernels
        plan = Plan(network, training: false, rectifiesScores: rectifiesScores)
        (phases, runs) = plan.runs(shares: threads)
        pool = try ComputePool(threads: threads)
        var layout = ArenaLayout()
        let parameters = layout.reserve(plan.packed.count)
        preparedOffset = layout.reserve(plan.preparedCount)
        threadsOffset = layout.reserve(plan.arenaCount * threads)
        arena = try Arena(floats: layout.count)
        plan.packed.pack(weights, into: arena.floats + parameters)
        pool.run(plan.preparationTasks) { task, _ in
            plan.prepare(
                task: task, parameters: arena.floats, prepared: arena.floats + preparedOffset, kernels: kernels.table)
        }
        for part in plan.preparedOnly { arena.discard(parameters + part.lowerBound..<parameters + part.upperBound) }
    }

    func classify(
        _ pictures: UnsafeBufferPointer<Picture>, mirrored: Bool, into logits: UnsafeMutableBufferPointer<Float>
    ) {
        guard pictures.count >= pool.threads else {
            for (index, picture) in pictures.enumerated() {
                preprocessing.withSource(of: picture) {
                    classifyTogether($0, mirrored: mirrored, into: logits, at: index)
                }
            }
            return
        }
        // As many tasks as keep all threads busy, of at most a chunk.
        let each = min(plan.chunk, (pictures.count + pool.threads - 1) / pool.threads)
        pool.run((pictures.count + each - 1) / each) { task, thread in
            let memory = memory(thread)
            let start = task * each
            let count = min(each, pictures.count - start)
            plan.forward(count, memory) {
                plan.load(pictures[start + $0], at: $0, preprocessing, isMirrored: mirrored, memory)
            }
            for place in 0..<count { copyLogits(of: place, memory, to: logits, at: start + place) }
        }
    }

    /// One picture by all threads: each phase is shared out.
    /// - Parameter source: what the preprocessing has made of it.
    private func classifyTogether(
        _ source: Picture, mirrored: Bool, into logits: UnsafeMutableBufferPointer<Float>, at index: Int
    ) {
        // No array is retained in the rounds: the threads would wait for each other's writes of its reference count.
        phases.withUnsafeBufferPointer { phases in
            runs.withUnsafeBufferPointer { runs in
                pool.share(rounds: runs.count) { run, index, thread in
                    let share = Plan.Share(index: index, count: pool.threads)
                    let memory = self.memory(thread, sharing: 0)
                    // Rather than wait for one to do it, each normalizes for itself what it reads.
                    if run == 0 {
                        let rows = phases[0].pictureRows(share, size: preprocessing.size)
                        plan.load(
                            source: source, at: 0, preprocessing, isMirrored: mirrored, rows: rows, memory)
                    }
                    for phase in phases[runs[run]] { plan.forward(phase, 0..<1, share, memory) }
                }
            }
        }
        let memory = memory(0)
        if case .scores(let head)? = phases.last { pool.run(1) { _, _ in plan.average(head, 0, memory) } }
        copyLogits(of: 0, memory, to: logits, at: index)
    }

    private func copyLogits(
        of place: Int, _ memory: Memory, to logits: UnsafeMutableBufferPointer<Float>, at index: Int
    ) {
        (logits.baseAddress! + index * network.classes).update(from: memory(plan.logits, place), count: network.classes)
    }

    func releaseMemory() { arena.discard(threadsOffset..<arena.count) }

    /// A thread's memory, with the activations in its own arena or in that of another thread.
    private func memory(_ thread: Int, sharing other: Int? = nil) -> Memory {
        let first = arena.floats + threadsOffset
        return Memory(
            arena: first + (other ?? thread) * plan.arenaCount, own: first + thread * plan.arenaCount,
            parameters: arena.floats, prepared: arena.floats + preparedOffset, kernels: kernels.table)
    }
}
