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

    let network: Network
    private let preprocessing: Preprocessing
    private let layout: QuantizedLayout
    let plan: Plan
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
        let tensors = tensors
        func look<Part>(
            _ part: inout [Part], _ memory: Memory, _ place: Int,
            _ body: (inout Part, UnsafeBufferPointer<Float>) -> Void
        ) {
            for (activation, tensor) in tensors.enumerated() {
                body(&part[activation], UnsafeBufferPointer(start: memory(tensor, place), count: tensor.picture))
            }
        }
        var largest = [Float](repeating: 0, count: layout.activations.count)
        survey(pictures, empty: largest) { part, memory, place, _ in
            look(&part, memory, place) { largest, values in largest = values.reduce(largest) { max($0, abs($1)) } }
        } add: {
            for place in largest.indices { largest[place] = max(largest[place], $0[place]) }
        }
        var histograms = largest.map(Histogram.init(largest:))
        survey(pictures, empty: histograms) { part, memory, place, _ in
            look(&part, memory, place) { $0.add($1) }
        } add: {
            for place in histograms.indices { histograms[place] += $0[place] }
        }
        return histograms.enumerated().map { place, histogram in
            histogram.step(levels: levels(of: place), by: rule)
        }
    }

    /// How the weights of each convolution, in the order of `Network.parameters`, make up for each other; nil of those with too many
    /// inputs.
    /// - Parameter steps: the activations'.
    public func compensations(of pictures: [Picture], steps: [Float]) -> [Compensation?] {
        let layers = zip(layout.layers, LayerWindows.all(of: network, plan)).map { layer, windows in
            (windows, step: steps[layer.input], levels: Float(levels(of: layer.input)))
        }
        var moments = layers.map { layer -> InputMoments? in
            let inputs = layer.0.inputs * layer.0.kernel * layer.0.kernel
            return inputs <= InputMoments.largest ? InputMoments(inputs: inputs, step: layer.step) : nil
        }
        let each = max(1, InputMoments.pixels / max(1, pictures.count))
        survey(pictures, empty: moments) { part, memory, place, index in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: InputMoments.largest + 1) { inputs in
                for (layer, (windows, step, levels)) in layers.enumerated() {
                    guard let count = part[layer]?.count else { continue }
                    inputs[count - 1] = InputMoments.unit
                    let pixels = min(each, windows.pixels)
                    for pixel in 0..<pixels {
                        // Evenly spread, and others of each picture.
                        let pixel = (pixel * windows.pixels / pixels + index * 101) % windows.pixels
                        windows.read(pixel, of: place, plan, memory, into: inputs) {
                            Double(max(-levels, min(levels, ($0 / step).rounded(.toNearestOrEven))))
                        }
                        part[layer]!.add(UnsafeBufferPointer(rebasing: inputs[..<count]))
                    }
                }
            }
        } add: {
            for (layer, part) in $0.enumerated() { if let part { moments[layer]! += part } }
        }
        return moments.map { $0.map(Compensation.init) }
    }

    private func levels(of activation: Int) -> Int {
        activation == 0 ? QuantizedWeights.largestInput : QuantizedWeights.ActivationBits.eight.largest
    }

    /// Computes all pictures, and has `look` see each; each thread has a part of its own.
    /// - Parameter look: gets the part, and where the activations are, which picture of the chunk there, and of all, it is.
    func survey<Part>(
        _ pictures: [Picture], empty: Part, look: (inout Part, Memory, _ place: Int, _ index: Int) -> Void,
        add: (Part) -> Void
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
                for (place, index) in chunk.enumerated() { look(&parts[thread], memory, place, index) }
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
