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

    /// - Throws: As `Classifier.init`.
    public init(
        network: Network, weights: Weights, preprocessing: Preprocessing, threads: Int, kernels: Kernels = .selected
    ) throws(EngineError) {
        try preprocessing.validate(for: network)
        self.network = network
        self.preprocessing = preprocessing
        self.kernels = kernels
        layout = QuantizedLayout(network)
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
    public func steps(of pictures: [Picture], by rule: Rule) -> [ActivationStep] {
        let sides = sides
        func look<Part>(
            _ parts: inout [Part], _ memory: Memory, _ place: Int,
            _ body: (inout Part, UnsafeBufferPointer<Float>, ClosedRange<Float>) -> Void
        ) {
            for (index, side) in sides.enumerated() {
                side.source.withValues(of: place, memory) { body(&parts[index], $0, side.signs) }
            }
        }
        var largest = [Float](repeating: 0, count: sides.count)
        survey(pictures, empty: largest) { parts, memory, place, _ in
            look(&parts, memory, place) { largest, values, signs in
                largest = values.reduce(largest) { signs.contains($1) ? max($0, abs($1)) : $0 }
            }
        } add: {
            for place in largest.indices { largest[place] = max(largest[place], $0[place]) }
        }
        var histograms = largest.map(Histogram.init(largest:))
        survey(pictures, empty: histograms) { parts, memory, place, _ in
            look(&parts, memory, place) { $0.add($1, $2) }
        } add: {
            for place in histograms.indices { histograms[place] += $0[place] }
        }
        var (heights, depths) = (layout.activations.map { _ in Float(0) }, layout.activations.map { _ in Float(0) })
        for (side, histogram) in zip(sides, histograms) {
            // Of values of both signs each has about half the steps.
            let levels = layout.levels(of: side.activation) / (layout.activations[side.activation].isSigned ? 2 : 1)
            let kept = histogram.kept(levels: levels, by: rule)
            if side.isBelow { depths[side.activation] = kept } else { heights[side.activation] = kept }
        }
        return layout.steps(heights: heights, depths: depths)
    }

    /// How the weights of each convolution, in the order of `Network.parameters`, make up for each other; nil of those with too many
    /// inputs.
    /// - Parameter steps: the activations'.
    public func compensations(of pictures: [Picture], steps: [ActivationStep]) -> [Compensation?] {
        let layers = zip(layout.layers, LayerWindows.all(of: network, plan)).map {
            layer, windows -> (LayerWindows, step: Float, wholes: ClosedRange<Float>) in
            let (most, zero) = (Float(layout.levels(of: layer.input)), Float(steps[layer.input].zero))
            return (windows, step: steps[layer.input].size, wholes: (layer.input == 0 ? -most : -zero)...(most - zero))
        }
        var moments = layers.map { layer -> InputMoments? in
            let inputs = layer.0.inputs * layer.0.kernel * layer.0.kernel
            return inputs <= InputMoments.largest ? InputMoments(inputs: inputs, step: layer.step) : nil
        }
        let each = max(1, InputMoments.pixels / max(1, pictures.count))
        survey(pictures, empty: moments) { part, memory, place, index in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: InputMoments.largest + 1) { inputs in
                for (layer, (windows, step, wholes)) in layers.enumerated() {
                    guard let count = part[layer]?.count else { continue }
                    inputs[count - 1] = InputMoments.unit
                    let pixels = min(each, windows.pixels)
                    for pixel in 0..<pixels {
                        // Evenly spread, and others of each picture.
                        let pixel = (pixel * windows.pixels / pixels + index * 101) % windows.pixels
                        windows.read(pixel, of: place, plan, memory, into: inputs) {
                            Double(
                                max(wholes.lowerBound, min(wholes.upperBound, ($0 / step).rounded(.toNearestOrEven))))
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

    private enum Source {
        case tensor(Plan.Tensor)
        /// What a bypass' convolution makes, of which the plan keeps only the sum.
        case difference(Plan.Tensor, Plan.Tensor)

        func withValues(of place: Int, _ memory: Memory, _ body: (UnsafeBufferPointer<Float>) -> Void) {
            switch self {
            case .tensor(let tensor):
                body(UnsafeBufferPointer(start: memory(tensor, place), count: tensor.picture))
            case .difference(let sum, let part):
                let (sums, parts) = (memory(sum, place), memory(part, place))
                withUnsafeTemporaryAllocation(of: Float.self, capacity: sum.picture) { values in
                    for index in values.indices { values[index] = sums[index] - parts[index] }
                    body(UnsafeBufferPointer(values))
                }
            }
        }
    }

    /// The values of an activation that are above zero, or below it, or all by their size.
    private struct Side {
        let activation: Int
        let source: Source
        let signs: ClosedRange<Float>
        var isBelow: Bool { signs.upperBound <= 0 }
    }

    private var sides: [Side] {
        zip(layout.activations, sources).enumerated().flatMap { place, activation -> [Side] in
            let all = -Float.infinity...Float.infinity
            return (activation.0.isSigned ? [0...all.upperBound, all.lowerBound...0] : [all]).map {
                Side(activation: place, source: activation.1, signs: $0)
            }
        }
    }

    /// The activations, in their order.
    private var sources: [Source] {
        [.tensor(plan.input)]
            + plan.stages.flatMap(\.steps).flatMap { step -> [Source] in
                switch step {
                case .stem(let step): [.tensor(step.output)]
                case .stemPool(let step): [.tensor(step.output)]
                case .fire(let step):
                    switch step.shortcut {
                    case .none: [.tensor(step.squeezed), .tensor(step.expanded)]
                    case .identity: [.tensor(step.squeezed), .tensor(step.expanded), .tensor(step.output)]
                    case .convolution:
                        [
                            .tensor(step.squeezed), .tensor(step.expanded), .difference(step.output, step.expanded),
                            .tensor(step.output),
                        ]
                    }
                case .pool, .head: []
                }
            }
    }
}
