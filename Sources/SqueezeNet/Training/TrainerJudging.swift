/// What a trainer's weights are worth: folding their normalization, logits without anything random, and features that are kept.
extension Trainer {
    /// Pictures whose statistics the normalization is folded with.
    public static let settledWith = 4_096

    /// Makes `result` be of the weights as they are, and what judges with them: to be called after the last step before. It takes the
    /// statistics of examples as a training sees them in an epoch, those of each group as in a step (Wu and Johnson, arXiv
    /// 2105.07576, section 3). Does nothing where the recipe does not normalize.
    /// - Parameter examples: of those that are trained, `settledWith` or all; always the same for the same bits.
    public func settle(with examples: [Example], epoch: Int) {
        guard let normalized, let folded, !isSettled else { return }
        if average != nil { prepare(trained) }
        let groups = normalized.groups(of: examples.count)
        let count = normalized.statisticsCount
        let sums = UnsafeMutablePointer<Double>.allocate(capacity: count * groups)
        defer { sums.deallocate() }
        func part(_ group: Int) -> ArraySlice<Example> {
            examples[group * examples.count / groups..<(group + 1) * examples.count / groups]
        }
        let own = ranks.share(of: groups)
        pool.run(own.count) { task, thread in
            let group = own.lowerBound + task
            let examples = part(group)
            let memory = memory(thread, trained)
            normalized.forward(examples.count, memory) { place, target in
                let example = examples[examples.startIndex + place]
                plan.load(
                    example.picture, into: target, preprocessing, draw: draw(example, epoch: epoch), memory)
            }
            normalized.readStatistics(memory, into: sums + group * count)
        }
        let size = count * MemoryLayout<Double>.stride
        ranks.gather(UnsafeMutableRawBufferPointer(start: sums, count: groups * size), of: groups) { $0 * size }
        var folding = Folding(normalized)
        for group in 0..<groups { folding.add(sums + group * count, pictures: part(group).count) }
        folding.fold(normalized, trained, into: folded)
        if average != nil { prepare(parameters) }
        isSettled = true
    }

    /// Values that the frozen modules make of a picture; 0 where none is frozen.
    public var featureCount: Int { backbone?.features ?? 0 }

    /// What the frozen modules make of examples, `featureCount` values for each, one example after the other.
    /// - Parameters:
    ///   - epoch: keys the random crops and flips; nil for the pictures as classifying sees them.
    ///   - target: has room for all.
    /// - Precondition: modules are frozen.
    public func computeFeatures(of examples: [Example], epoch: Int?, into target: UnsafeMutablePointer<Float>) {
        let backbone = backbone!
        let group = backbone.group
        let groups = (examples.count + group - 1) / group
        let own = ranks.share(of: groups)
        pool.run(own.count) { task, thread in
            let start = (own.lowerBound + task) * group
            let part = start..<min(examples.count, start + group)
            backbone.compute(examples[part], draw: { draw($0, epoch: epoch) }, thread: thread) {
                target + (part.lowerBound + $0) * backbone.features
            }
        }
        let size = backbone.features * MemoryLayout<Float>.stride
        ranks.gather(UnsafeMutableRawBufferPointer(start: target, count: examples.count * size), of: groups) {
            min(examples.count, $0 * group) * size
        }
    }

    /// What the network with the weights of `result` makes of examples, `network.classes` logits for each, without dropout and
    /// anything random.
    public func logits(of examples: [Example]) -> [Float] {
        let classes = network.classes
        return [Float](unsafeUninitializedCapacity: examples.count * classes) { logits, count in
            let target = logits.baseAddress!
            judge(examples) { place, example, memory in
                (target + example * classes).update(from: memory(plan.logits, place), count: classes)
            }
            count = examples.count * classes
        }
    }

    /// The smallest score that the network with the weights of `result` gives a class in any pixel of examples as classifying sees
    /// them; infinity of none.
    public func smallestScore(of examples: [Example]) -> Float {
        let all = [Float](unsafeUninitializedCapacity: examples.count) { scores, count in
            let target = scores.baseAddress!
            judge(examples) { target[$1] = plan.smallestScore($0, $2) }
            count = examples.count
        }
        return all.min() ?? .infinity
    }

    /// Computes examples with the weights of `result`; `body` gets each one's place in the chunk, and in `examples`.
    private func judge(_ examples: [Example], _ body: (_ place: Int, _ example: Int, _ memory: Memory) -> Void) {
        if judged != computed { prepare(judged) }
        pool.run((examples.count + plan.chunk - 1) / plan.chunk) { task, thread in
            let memory = memory(thread, judged)
            let part = task * plan.chunk..<min(examples.count, (task + 1) * plan.chunk)
            forward(examples[part], epoch: nil, dropout: nil, thread: thread, memory)
            for (place, example) in part.enumerated() { body(place, example, memory) }
        }
        if judged != computed { prepare(computed) }
    }
}
