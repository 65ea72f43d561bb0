internal import CSqueezeKernels

/// A step: the gradients of a batch, and what the optimizer makes of them.
extension Trainer {
    func computeGradients(_ batch: UnsafeBufferPointer<Example>, epoch: Int) {
        let own = ranks.share(of: GradientSums.shards)
        shards.withUnsafeMutableBufferPointer { all in
            let shards = all.baseAddress!
            pool.run(own.count) { task, thread in
                let shard = own.lowerBound + task
                shards[shard] = sums.add(shard: shard) {
                    computeShard(
                        shard, of: batch, epoch: epoch, thread: thread, memory(thread, computed), into: $0)
                }
            }
            ranks.gather(UnsafeMutableRawBufferPointer(all), of: all.count) { $0 * MemoryLayout<Evaluation>.stride }
        }
    }

    /// Into how many groups that are normalized together a batch is cut, no more than one of which a thread has at a time; nil where
    /// nothing is normalized.
    public func groups(of pictures: Int) -> Int? { normalized?.groups(of: pictures) }

    /// A shard's examples are computed in order, by one thread: which one changes nothing.
    private func computeShard(
        _ shard: Int, of batch: UnsafeBufferPointer<Example>, epoch: Int, thread: Int, _ memory: Memory,
        into total: UnsafeMutablePointer<Float>
    ) -> Evaluation {
        var result = Evaluation()
        // Groups that are normalized together are never split.
        let parts = groups(of: batch.count) ?? batch.count
        let shardRange = shard * parts / GradientSums.shards..<(shard + 1) * parts / GradientSums.shards
        guard !shardRange.isEmpty else {
            total.update(repeating: 0, count: plan.packed.count)
            return result
        }
        plan.packed.clearGradients(total)
        if let normalized {
            compute(
                groups: shardRange, of: batch, epoch: epoch, normalized, thread: thread, memory, into: total, &result)
            plan.finishGradients(memory, total)
            return result
        }
        for start in stride(from: shardRange.lowerBound, to: shardRange.upperBound, by: plan.chunk) {
            let examples = batch[start..<min(shardRange.upperBound, start + plan.chunk)]
            let dropout = dropout(examples, epoch: epoch)
            forward(examples, epoch: epoch, dropout: dropout, thread: thread, memory)
            let lessons = lessons(examples, epoch: epoch, thread: thread)
            for (place, example) in examples.enumerated() {
                addLoss(
                    of: example, memory(plan.logits, place), lesson: lessons?(place), batch: batch.count,
                    gradient: plan.logitGradient(place, memory), to: &result)
            }
            plan.backward(
                examples.count, memory, isFirst: start == shardRange.lowerBound, dropout: dropout, into: total)
        }
        plan.finishGradients(memory, total)
        return result
    }

    /// Some groups of a batch that are normalized together.
    private func compute(
        groups: Range<Int>, of batch: UnsafeBufferPointer<Example>, epoch: Int, _ normalized: NormalizedPlan,
        thread: Int, _ memory: Memory, into total: UnsafeMutablePointer<Float>, _ result: inout Evaluation
    ) {
        let count = normalized.groups(of: batch.count)
        for group in groups {
            let examples = batch[group * batch.count / count..<(group + 1) * batch.count / count]
            let dropout = dropout(examples, epoch: epoch)
            normalized.forward(examples.count, memory, dropout: dropout) { place, target in
                let example = examples[examples.startIndex + place]
                plan.load(
                    example.picture, into: target, preprocessing, draw: draw(example, epoch: epoch), memory)
            }
            let lessons = lessons(examples, epoch: epoch, thread: thread)
            for (place, example) in examples.enumerated() {
                addLoss(
                    of: example, normalized.logits(place, memory), lesson: lessons?(place), batch: batch.count,
                    gradient: normalized.logitGradient(place, memory), to: &result)
            }
            normalized.backward(
                examples.count, memory, isFirst: group == groups.lowerBound, dropout: dropout, into: total)
        }
    }

    private func dropout(_ examples: Slice<UnsafeBufferPointer<Example>>, epoch: Int) -> ((Int) -> CounterRandom)? {
        guard recipe.usesDropout else { return nil }
        return { [seed] place in
            CounterRandom(
                seed: seed, purpose: .dropout, epoch: epoch, index: examples[examples.startIndex + place].index)
        }
    }

    /// What the teacher makes of examples, by their places.
    private func lessons(
        _ examples: Slice<UnsafeBufferPointer<Example>>, epoch: Int, thread: Int
    ) -> ((Int) -> UnsafePointer<Float>)? {
        guard let teacher else { return nil }
        let own = arena.floats + offsets.lessons + thread * offsets.lessonCount
        func logits(_ place: Int) -> UnsafeMutablePointer<Float> { own + place * teacher.features }
        teacher.compute(examples, draw: { draw($0, epoch: epoch) }, thread: thread, into: logits)
        return { UnsafePointer(logits($0)) }
    }

    private func addLoss(
        of example: Example, _ logits: UnsafePointer<Float>, lesson: UnsafePointer<Float>?, batch: Int,
        gradient: UnsafeMutablePointer<Float>,
        to result: inout Evaluation
    ) {
        result.add(
            UnsafeBufferPointer(start: logits, count: network.classes), label: example.label,
            smoothing: recipe.labelSmoothing, weight: recipe.classWeights?[example.label] ?? 1,
            scale: 1 / Float(batch), teacher: lesson.map { ($0, recipe.distillation!) }, gradient: gradient)
    }

    func draw(_ example: Example, epoch: Int?) -> Augmentation.Draw? {
        epoch.map { recipe.augmentation.draw(seed: seed, epoch: $0, index: example.index) }
    }

    /// At most a chunk of examples.
    func forward(
        _ examples: some RandomAccessCollection<Example>, epoch: Int?, dropout: ((Int) -> CounterRandom)?, thread: Int,
        _ memory: Memory
    ) {
        if let backbone {
            for (place, example) in examples.enumerated() {
                let input = memory.input(plan.input, place)
                if let features = example.features {
                    input.update(from: features, count: backbone.features)
                } else {
                    backbone.compute(
                        CollectionOfOne(example), draw: { draw($0, epoch: epoch) }, thread: thread, into: { _ in input }
                    )
                }
            }
        }
        plan.forward(examples.count, memory, dropout: dropout) { place in
            guard backbone == nil else { return }
            let example = examples[examples.index(examples.startIndex, offsetBy: place)]
            plan.load(example.picture, at: place, preprocessing, draw: draw(example, epoch: epoch), memory)
        }
    }

    func updateWeights() {
        steps += 1
        let factor = recipe.schedule.factor(step: steps, of: plannedSteps)
        func rule(_ rate: Float, decays: Bool) -> Optimizer.Rule {
            recipe.optimizer.rule(step: steps, learningRate: factor * Double(rate), decays: decays, kernels)
        }
        func rules(_ rate: Float) -> (weights: Optimizer.Rule, biases: Optimizer.Rule) {
            (rule(rate, decays: true), rule(rate, decays: false))
        }
        let classifier = rules(recipe.learningRate)
        let backbone = rules(recipe.backboneLearningRate ?? recipe.learningRate)
        let gradients = sums.takeTotal(pool)
        shared?.join(gradients, pool)
        let count = plan.packed.count
        let slice = 4_096
        let share = recipe.averagingShare(step: steps)
        let muon = recipe.optimizer.matrixRule(
            learningRate: factor * Double(recipe.backboneLearningRate ?? recipe.learningRate))
        pool.run(matrices.count + (count + slice - 1) / slice) { task, thread in
            if task < matrices.count, let muon {
                let (matrix, start) = (matrices[task], matrices[task].weight)
                muon.move(
                    matrix, gradients + start, parameters + start, velocity: slot(0) + start,
                    scratch: arena.floats + offsets.matrices + thread * offsets.matrixCount, kernels)
                let size = matrix.panels * matrix.rows * 16
                if let average { kernels.pointee.follow(share, size, parameters + start, average + start) }
                return
            }
            let task = task - matrices.count
            let slice = task * slice..<min(count, (task + 1) * slice)
            for segment in segments where segment.range.overlaps(slice) {
                let part = segment.range.clamped(to: slice)
                let start = part.lowerBound
                let rules = segment.isClassifier ? classifier : backbone
                let move = segment.decays ? rules.weights : rules.biases
                move(part.count, gradients + start, parameters + start) { slot($0) + start }
                if let average { kernels.pointee.follow(share, part.count, parameters + start, average + start) }
            }
        }
        prepareComputed()
    }
}
