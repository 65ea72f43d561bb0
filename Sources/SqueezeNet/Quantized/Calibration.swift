internal import CSqueezeKernels

/// Finds, by what a network computes in single precision for some pictures, how large a step of eight bits must be for each of its
/// activations.
public struct Calibration {
    /// Which part of an activation's range is kept; what is beyond is cut to its end.
    public enum Rule: String, CaseIterable, Sendable {
        /// All that occurred.
        case maximum
        /// All but one of 10,000 values.
        case percentile
        /// So much that the mean squared error is least.
        case error
    }

    private let network: Network
    private let preprocessing: Preprocessing
    private let layout: QuantizedLayout
    private let plan: Plan
    private let pool: ComputePool
    private let kernels: Kernels
    private let arena: Arena
    private let preparedOffset: Int
    private let threadsOffset: Int

    /// - Throws: `EngineError.quantization` for a network that has no eight bits; as `Classifier.init`.
    public init(
        network: Network, weights: Weights, preprocessing: Preprocessing, threads: Int, kernels: Kernels = .selected
    ) throws(EngineError) {
        try preprocessing.validate(for: network)
        self.network = network
        self.preprocessing = preprocessing
        self.kernels = kernels
        layout = try QuantizedLayout(network)
        // That of training, because it keeps every activation.
        plan = Plan(network, training: true)
        pool = try ComputePool(threads: threads)
        var memory = ArenaLayout()
        _ = memory.reserve(plan.packed.count)
        preparedOffset = memory.reserve(plan.preparedCount)
        threadsOffset = memory.reserve(plan.arenaCount * threads)
        arena = try Arena(floats: memory.count)
        plan.packed.pack(weights, into: arena.floats)
        pool.run(plan.preparationTasks) { task, _ in
            plan.prepare(
                task: task, parameters: arena.floats, prepared: arena.floats + preparedOffset, kernels: kernels.table)
        }
    }

    /// The activations' steps, in the order of `Network.activations`.
    public func steps(of pictures: [Picture], by rule: Rule) -> [Float] {
        var largest = [Float](repeating: 0, count: layout.activations.count)
        survey(pictures, empty: largest) { part, place, values in
            part[place] = values.reduce(part[place]) { max($0, abs($1)) }
        } add: {
            for place in largest.indices { largest[place] = max(largest[place], $0[place]) }
        }
        var histograms = largest.map(Histogram.init(largest:))
        survey(pictures, empty: histograms) { part, place, values in
            part[place].add(values)
        } add: {
            for place in histograms.indices { histograms[place] += $0[place] }
        }
        return histograms.enumerated().map { place, histogram in
            let levels = place == 0 ? Int(SQZ_INT8_INPUT) : QuantizedWeights.ActivationBits.eight.largest
            return histogram.step(levels: levels, by: rule)
        }
    }

    /// Computes all pictures, and hands every activation to `look`; each thread has a part of its own.
    private func survey<Part>(
        _ pictures: [Picture], empty: Part,
        look: (inout Part, Int, UnsafeBufferPointer<Float>) -> Void, add: (Part) -> Void
    ) {
        let tasks = (pictures.count + plan.chunk - 1) / plan.chunk
        var parts = [Part](repeating: empty, count: pool.threads)
        parts.withUnsafeMutableBufferPointer { parts in
            // Each thread writes its own part alone.
            nonisolated(unsafe) let parts = parts
            pool.run(tasks) { task, thread in
                let own = arena.floats + threadsOffset + thread * plan.arenaCount
                let memory = Memory(
                    arena: own, own: own, parameters: arena.floats, prepared: arena.floats + preparedOffset,
                    kernels: kernels.table)
                let chunk = task * plan.chunk..<min((task + 1) * plan.chunk, pictures.count)
                plan.forward(chunk.count, memory) {
                    plan.load(pictures[chunk.lowerBound + $0], at: $0, preprocessing, memory)
                }
                for (place, tensor) in tensors.enumerated() {
                    for picture in 0..<chunk.count {
                        look(
                            &parts[thread], place,
                            UnsafeBufferPointer(start: memory(tensor, picture), count: tensor.picture))
                    }
                }
            }
        }
        parts.forEach(add)
    }

    /// The activations, in their order.
    private var tensors: [Plan.Tensor] {
        [plan.input]
            + plan.stages.flatMap(\.steps).flatMap { step -> [Plan.Tensor] in
                switch step {
                case .stem(let step): [step.output]
                case .stemPool(let step): [step.output]
                case .fire(let step):
                    if case .identity = step.shortcut {
                        [step.squeezed, step.expanded, step.output]
                    } else {
                        [step.squeezed, step.expanded]
                    }
                case .pool, .head: []
                }
            }
    }
}
