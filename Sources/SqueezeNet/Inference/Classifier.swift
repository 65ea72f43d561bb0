internal import CSqueezeKernels

/// Computes logits. It owns its memory and threads; use it from one thread at a time.
public final class Classifier {
    /// How many threads a `Classifier` or a `Trainer` may have.
    public static let mostThreads = ComputePool.allowedThreads.upperBound

    public let network: Network
    public let preprocessing: Preprocessing

    private let plan: Plan
    /// What the threads do to one picture together: phases, and the runs of them between which they meet.
    private let phases: [Plan.Phase]
    private let runs: [Range<Int>]
    private let kernels: UnsafePointer<sqz_kernels>
    private let pool: ComputePool
    private let arena: Arena
    private let preparedOffset: Int
    private let threadsOffset: Int

    /// - Throws: `EngineError` if sizes do not match, or memory or threads cannot be had.
    public init(
        network: Network, weights: Weights, preprocessing: Preprocessing, threads: Int, kernels: Kernels = .selected
    ) throws(EngineError) {
        try preprocessing.validate(for: network)
        guard weights.values.count == network.parameterCount else {
            throw .valueCount(weights.values.count, expected: network.parameterCount)
        }
        self.network = network
        self.preprocessing = preprocessing
        self.kernels = kernels.table
        plan = Plan(network, training: false)
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
                task: task, parameters: arena.floats, prepared: arena.floats + preparedOffset, kernels: self.kernels)
        }
        for part in plan.preparedOnly { arena.discard(parameters + part.lowerBound..<parameters + part.upperBound) }
    }

    /// The logits of any number of pictures, `network.classes` for each, one picture after the other. Memory does not grow with
    /// their number.
    /// - Precondition: `logits` has room for `pictures.count * network.classes` values.
    public func classify(
        _ pictures: UnsafeBufferPointer<Picture>, into logits: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(logits.count >= pictures.count * network.classes)
        guard pictures.count >= pool.threads else {
            for picture in pictures.indices { classifyTogether(pictures[picture], into: logits, at: picture) }
            return
        }
        // As many tasks as keep all threads busy, of at most a chunk.
        let each = min(plan.chunk, (pictures.count + pool.threads - 1) / pool.threads)
        pool.run((pictures.count + each - 1) / each) { task, thread in
            let memory = memory(thread)
            let start = task * each
            let count = min(each, pictures.count - start)
            plan.forward(count, memory) {
                plan.load(pictures[start + $0], at: $0, preprocessing, memory)
            }
            for place in 0..<count { copyLogits(of: place, memory, to: logits, at: start + place) }
        }
    }

    /// One picture by all threads: each phase is shared out.
    private func classifyTogether(
        _ picture: Picture, into logits: UnsafeMutableBufferPointer<Float>, at index: Int
    ) {
        // No array is retained in the rounds: the threads would wait for each other's writes of its reference count.
        phases.withUnsafeBufferPointer { phases in
            runs.withUnsafeBufferPointer { runs in
                pool.share(rounds: runs.count) { run, index, thread in
                    let share = Plan.Share(index: index, count: pool.threads)
                    let memory = self.memory(thread, sharing: 0)
                    // Rather than wait for one to do it, each standardizes for itself what it reads.
                    if run == 0 {
                        let rows = phases[0].pictureRows(share, size: preprocessing.size)
                        plan.load(picture, at: 0, preprocessing, rows: rows, memory)
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

    /// As `classify(_:into:)`.
    public func classify(_ pictures: [Picture]) -> [Float] {
        [Float](unsafeUninitializedCapacity: pictures.count * network.classes) { logits, count in
            pictures.withUnsafeBufferPointer { classify($0, into: logits) }
            count = pictures.count * network.classes
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

    /// A thread's memory, with the activations in its own arena or in that of another thread.
    private func memory(_ thread: Int, sharing other: Int? = nil) -> Memory {
        let first = arena.floats + threadsOffset
        return Memory(
            arena: first + (other ?? thread) * plan.arenaCount, own: first + thread * plan.arenaCount,
            parameters: arena.floats, prepared: arena.floats + preparedOffset, kernels: kernels)
    }
}

/// The probabilities that logits stand for: softmax, in double precision inside.
public func softmax(_ logits: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: logits.count) { probabilities, count in
        sqz_softmax(Int32(logits.count), logits, probabilities.baseAddress!)
        count = logits.count
    }
}
