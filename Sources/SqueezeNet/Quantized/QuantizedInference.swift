internal import CSqueezeKernels

/// Computes logits in eight bits: the same numbers on every machine, by whatever kernels and however many threads.
final class QuantizedInference {
    private let preprocessing: Preprocessing
    private let plan: QuantizedPlan
    private let classes: Int
    private let inputStep: Float
    private let kernels: Kernels
    let pool: ComputePool
    private let arena: Arena
    private let threadsOffset: Int

    init(
        network: Network, weights: QuantizedWeights, preprocessing: Preprocessing, threads: Int, kernels: Kernels
    ) throws(EngineError) {
        self.preprocessing = preprocessing
        self.kernels = kernels
        classes = network.classes
        inputStep = weights.steps[0].size
        plan = QuantizedPlan(network, weights)
        pool = try ComputePool(threads: threads)
        var layout = ArenaLayout()
        _ = layout.reserve(plan.parameterBytes / 4)
        threadsOffset = layout.reserve(threads * plan.arenaBytes / 4)
        arena = try Arena(floats: layout.count)
        plan.pack(weights, of: network, into: arena.floats, kernels: kernels.table)
    }

    func classify(
        _ pictures: UnsafeBufferPointer<Picture>, mirrored: Bool, into logits: UnsafeMutableBufferPointer<Float>
    ) {
        guard pictures.count >= pool.threads else {
            for (index, picture) in pictures.enumerated() {
                preprocessing.withSource(of: picture) { source in
                    classifyTogether(source, mirrored: mirrored, into: logits.baseAddress! + index * classes)
                }
            }
            return
        }
        let each = min(plan.group, (pictures.count + pool.threads - 1) / pool.threads)
        pool.run((pictures.count + each - 1) / each) { task, thread in
            let memory = memory(thread)
            let start = task * each
            let count = min(each, pictures.count - start)
            guard case .stem(let stem)? = plan.steps.first else { preconditionFailure("a network begins with a stem") }
            for place in 0..<count {
                preprocessing.withSource(of: pictures[start + place]) { source in
                    load(source, mirrored: mirrored, rows: 0..<preprocessing.size, memory)
                }
                plan.forward(stem, at: place, into: plan.activations.0, Plan.Share(), memory)
            }
            for step in plan.steps.indices.dropFirst() { plan.forward(step, pictures: count, Plan.Share(), memory) }
            for place in 0..<count {
                plan.logits(place, memory, into: logits.baseAddress! + (start + place) * classes)
            }
        }
    }

    /// One picture by all threads, which meet after each step.
    private func classifyTogether(
        _ source: Picture, mirrored: Bool, into logits: UnsafeMutablePointer<Float>
    ) {
        let input = QuantizedInput(
            source, preprocessing, isMirrored: mirrored, step: inputStep, pitch: plan.inputPitch)
        pool.share(rounds: plan.steps.count + 1) { round, index, thread in
            let share = Plan.Share(index: index, count: pool.threads)
            let memory = self.memory(thread, sharing: 0)
            if round == 0 {
                write(input, source, rows: share.range(of: preprocessing.size), memory)
            } else {
                plan.forward(round - 1, pictures: 1, share, memory)
            }
        }
        plan.logits(0, memory(0), into: logits)
    }

    private func load(_ source: Picture, mirrored: Bool, rows: Range<Int>, _ memory: QuantizedPlan.Memory) {
        let input = QuantizedInput(
            source, preprocessing, isMirrored: mirrored, step: inputStep, pitch: plan.inputPitch)
        write(input, source, rows: rows, memory)
    }

    private func write(_ input: QuantizedInput, _ source: Picture, rows: Range<Int>, _ memory: QuantizedPlan.Memory) {
        let first = (memory.arena + plan.input).assumingMemoryBound(to: Int16.self) + plan.inputOrigin
        input.write(source, rows: rows, to: first)
    }

    func releaseMemory() { arena.discard(threadsOffset..<arena.count) }

    /// A thread's memory, with the activations in its own arena or in that of another thread.
    private func memory(_ thread: Int, sharing other: Int? = nil) -> QuantizedPlan.Memory {
        let first = UnsafeMutableRawPointer(arena.floats + threadsOffset)
        return QuantizedPlan.Memory(
            arena: first + (other ?? thread) * plan.arenaBytes, own: first + thread * plan.arenaBytes,
            parameters: UnsafeRawPointer(arena.floats), kernels: kernels.table)
    }
}
