internal import CSqueezeKernels

/// The first modules of a network, which a training leaves as they are, or all of a network that teaches: computes what they make of
/// pictures. The threads are those of a `Trainer`.
struct Backbone {
    private let plan: Plan
    private let preprocessing: Preprocessing
    private let arena: Arena
    private let preparedOffset: Int
    private let threadsOffset: Int
    private let kernels: UnsafePointer<sqz_kernels>

    /// Values of a picture; of a whole network its logits, filled up to whole panels.
    var features: Int { plan.output.picture }
    /// Pictures that are best computed together.
    var group: Int { min(plan.chunk, plan.output.pictures) }

    /// - Parameter blocks: how many of the network's.
    init(
        _ network: Network, blocks: Int, weights: Weights, _ preprocessing: Preprocessing, pool: ComputePool,
        kernels: UnsafePointer<sqz_kernels>
    ) throws(EngineError) {
        let plan = Plan(network, blocks: 0..<blocks, training: false)
        var layout = ArenaLayout()
        let parameters = layout.reserve(plan.packed.count)
        let preparedOffset = layout.reserve(plan.preparedCount)
        threadsOffset = layout.reserve(plan.arenaCount * pool.threads)
        let arena = try Arena(floats: layout.count)
        plan.packed.pack(weights, into: arena.floats + parameters)
        pool.run(plan.preparationTasks) { task, _ in
            plan.prepare(
                task: task, parameters: arena.floats, prepared: arena.floats + preparedOffset, kernels: kernels)
        }
        self.plan = plan
        self.preprocessing = preprocessing
        self.arena = arena
        self.preparedOffset = preparedOffset
        self.kernels = kernels
    }

    /// Computes the features of some examples on a thread of the pool.
    /// - Parameter draw: what training makes of an example.
    func compute(
        _ examples: some RandomAccessCollection<Example>, draw: (Example) -> Augmentation.Draw?, thread: Int,
        into target: (Int) -> UnsafeMutablePointer<Float>
    ) {
        let own = arena.floats + threadsOffset + thread * plan.arenaCount
        let memory = Memory(
            arena: own, own: own, parameters: arena.floats, prepared: arena.floats + preparedOffset, kernels: kernels)
        var rest = examples[...]
        var done = 0
        while !rest.isEmpty {
            let part = rest.prefix(group)
            func example(_ place: Int) -> Example { part[part.index(part.startIndex, offsetBy: place)] }
            plan.forward(part.count, memory) { place in
                plan.load(example(place).picture, at: place, preprocessing, draw: draw(example(place)), memory)
            }
            for place in 0..<part.count {
                target(done + place).update(from: memory(plan.output, place), count: features)
            }
            done += part.count
            rest = rest.dropFirst(part.count)
        }
    }
}
