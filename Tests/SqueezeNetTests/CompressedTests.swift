import SqueezeNet
import Testing

/// Weights that are few numbers, or whole numbers, while they learn.
@Suite struct CompressedTests {
    private static let pictures = Pictures(count: 37, size: 32)
    private static let labels = (0..<37).map { $0 * 7 % 10 }
    private static let adam = {
        var recipe = Recipe.tutorial
        recipe.usesDropout = false
        return recipe
    }()

    private let network: Network
    private let weights: Weights

    init() throws {
        network = try Network(.squeezenetCIFAR, classes: 10, inputSize: 32)
        weights = Weights(glorotUniformFor: network, seed: 9)
    }

    private func made(
        _ constraint: Constraint?, from state: TrainerState, threads: Int = 2, recipe: Recipe = adam
    ) throws -> Trainer {
        try Trainer(
            network: network, preprocessing: Preprocessing(size: 32), recipe: recipe, constraint: constraint,
            state: state, seed: 3, threads: threads)
    }

    private func train(_ trainer: Trainer, steps: Range<Int> = 0..<4) {
        Self.pictures.withExamples(Self.labels) { examples in
            for step in steps { _ = trainer.step(examples, epoch: step) }
        }
    }

    @Test func theSmallestWeightsBecomeZeroLayerByLayer() throws {
        let pruned = weights.pruned(network, sparsity: 0.6)
        #expect(abs(pruned.sparsity(network) - 0.6) < 1e-5 && weights.sparsity(network) < 1e-3)
        for (weight, bias) in network.convolutions {
            let (before, after) = (weights.values[weight.range], pruned.values[weight.range])
            let gone = zip(before, after).filter { $1 == 0 }.map { abs($0.0) }.max() ?? 0
            let left = after.filter { $0 != 0 }.map(abs).min() ?? .infinity
            #expect(gone < left && pruned.values[bias.range] == weights.values[bias.range], "\(weight.name)")
            // Uniform weights are pruned alike, however large a layer's are.
            #expect(abs(Double(after.count { $0 == 0 }) / Double(after.count) - 0.6) < 0.1, "\(weight.name)")
        }
        // What is zero stays zero.
        let further = pruned.pruned(network, sparsity: 0.8)
        #expect(zip(pruned.values, further.values).allSatisfy { $0 != 0 || $1 == 0 })
        #expect(pruned.pruned(network, sparsity: 0.5) == pruned)
    }

    /// Lloyd's algorithm has ended: each weight has the nearest number, and each number is the mean of its weights.
    @Test(arguments: [2, 4, 8]) func numbersAreTheMeansOfTheirWeights(bits: Int) throws {
        let pruned = weights.pruned(network, sparsity: 0.5)
        let shared = try SharedWeights(sharing: pruned, of: network, bits: bits)
        let values = shared.weights(of: network).values
        #expect(shared.bits <= min(bits + 2, 8) && abs(shared.sparsity - 0.5) < 1e-5)
        for (layer, ((weight, bias), codebook)) in zip(network.convolutions, shared.codebooks).enumerated() {
            let isBetween = 0 < layer && layer < network.convolutions.count - 1
            #expect(codebook.count <= 1 << (isBetween ? bits : min(bits + 2, 8)) - 1 && codebook == codebook.sorted())
            var members: [Float: [Double]] = [:]
            for place in weight.range where pruned.values[place] != 0 {
                let (value, number) = (pruned.values[place], values[place])
                let nearest = codebook.map { abs($0 - value) }.min()!
                #expect(abs(abs(number - value) - nearest) <= 1e-7, "\(weight.name)[\(place)]")
                members[number, default: []].append(Double(value))
            }
            #expect(Set(members.keys) == Set(codebook), "\(weight.name)")
            #expect(values[bias.range] == pruned.values[bias.range])
            // Of many numbers the rounds may end before all have settled.
            guard codebook.count < 64 else { continue }
            for (number, values) in members {
                let mean = values.reduce(0, +) / Double(values.count)
                #expect(abs(mean - Double(number)) < 1e-3 * max(0.01, abs(mean)), "\(weight.name) \(number)")
            }
        }
        // A classifier of many classes has as few numbers as any layer.
        let large = try Network(.squeezenetCIFAR, classes: 100, inputSize: 32)
        let classifier = try SharedWeights(
            sharing: Weights(glorotUniformFor: large, seed: 9), of: large, bits: bits
        ).codebooks.last!
        #expect(classifier.count <= 1 << bits - 1)
        // What is of few numbers comes out as it is.
        #expect(try SharedWeights(sharing: shared.weights(of: network), of: network, bits: bits) == shared)
    }

    /// What zeros and few numbers do to a filter's sums is made up for by its other weights, on pictures that calibration has not seen too.
    @Test(arguments: [2, 4]) func zerosAndNumbersAreMadeUpFor(bits: Int) throws {
        let preprocessing = try Preprocessing(size: 32)
        let pruned = weights.pruned(network, sparsity: 0.5)
        let pictures = DeterminismTests.pictures
        let calibration = try Calibration(network: network, weights: weights, preprocessing: preprocessing, threads: 2)
        let compensations = pictures.withPictures { pictures in
            let seen = Array(pictures[..<30])
            return calibration.compensations(of: seen, steps: calibration.steps(of: seen, by: .error))
        }
        func classifier(_ weights: Weights) throws -> Classifier {
            try Classifier(network: network, weights: weights, preprocessing: preprocessing, threads: 2)
        }
        func error(_ compensations: [Compensation?]?) throws -> Double {
            let shared = try SharedWeights(
                sharing: pruned, of: network, bits: bits, standingFor: weights, compensations: compensations)
            #expect(abs(shared.sparsity - 0.5) < 1e-5)
            return try pictures.withPictures {
                try classifier(shared.weights(of: network)).error(beside: classifier(weights), of: Array($0[30...]))
            }
        }
        let (nearest, best) = (try error(nil), try error(compensations))
        #expect(best < nearest / 2, "\(best) and \(nearest)")
    }

    @Test func whatIsSharedLearnsTogetherWhateverTheThreads() throws {
        let shared = try SharedWeights(sharing: weights.pruned(network, sparsity: 0.5), of: network, bits: 3)
        let start = TrainerState(weights: shared.weights(of: network))
        let results = try [1, 2, 3].map { threads in
            let trainer = try made(shared.constraint(of: network), from: start, threads: threads)
            train(trainer)
            return trainer.weights
        }
        #expect(results[0] == results[1] && results[0] == results[2] && results[0] != start.weights)
        // All weights are still their numbers, and all numbers others than before.
        let learnt = try shared.following(results[0], of: network)
        #expect(learnt.weights(of: network) == results[0] && learnt.codes == shared.codes)
        #expect(zip(learnt.codebooks, shared.codebooks).allSatisfy { zip($0, $1).allSatisfy(!=) })
        // It goes on where it was.
        let first = try made(shared.constraint(of: network), from: start)
        train(first, steps: 0..<2)
        let second = try made(shared.constraint(of: network), from: first.state)
        train(second, steps: 2..<4)
        #expect(second.weights == results[0])
    }

    /// A number's gradient is the sum over its weights (Deep Compression, equation 3); here it is their mean, each weight moves by it.
    @Test func aNumberMovesAgainstItsWeightsMeanGradient() throws {
        let shared = try SharedWeights(sharing: weights.pruned(network, sparsity: 0.5), of: network, bits: 2)
        let start = TrainerState(weights: shared.weights(of: network))
        var recipe = Self.adam
        recipe.optimizer = .sgd(momentum: 0, weightDecay: 0)
        recipe.learningRate = 0.5
        let gradients = try Self.pictures.withExamples(Self.labels) {
            try made(nil, from: start, recipe: recipe).gradients(of: $0, epoch: 0)
        }
        let trainer = try made(shared.constraint(of: network), from: start, recipe: recipe)
        train(trainer, steps: 0..<1)
        let learnt = try shared.following(trainer.weights, of: network)
        var first = 0
        for (place, (weight, _)) in network.convolutions.enumerated() {
            for (number, (old, new)) in zip(shared.codebooks[place], learnt.codebooks[place]).enumerated() {
                let own = weight.range.filter { shared.codes[first + $0 - weight.offset] == number + 1 }
                let mean = own.reduce(0) { $0 + Double(gradients.values[$1]) } / Double(own.count)
                #expect(abs(Double(new) - (Double(old) - 0.5 * mean)) < 1e-6, "\(weight.name) \(number)")
            }
            first += weight.count
        }
    }

    @Test func whatIsZeroStaysZero() throws {
        let pruned = weights.pruned(network, sparsity: 0.7)
        let trainer = try made(.sparse(pruned, of: network), from: TrainerState(weights: pruned))
        train(trainer)
        let learnt = trainer.weights
        for (weight, _) in network.convolutions {
            for place in weight.range { #expect((learnt.values[place] == 0) == (pruned.values[place] == 0)) }
        }
        #expect(learnt != pruned)
    }

    /// The network computes with whole numbers times their scale; the weights behind them move on less than a step.
    @Test(arguments: [4, 8]) func whatIsRoundedIsComputedWith(bits: Int) throws {
        let scales = QuantizedWeights.scales(for: weights, of: network, bits: bits)
        let results = try [1, 3].map { threads in
            let trainer = try made(
                .rounded(scales: scales, bits: bits), from: TrainerState(weights: weights), threads: threads)
            train(trainer)
            return (behind: trainer.weights, result: trainer.result, logits: logits(trainer))
        }
        let (behind, result) = (results[0].behind, results[0].result)
        #expect(behind == results[1].behind && result == results[1].result && behind != result)
        #expect(results[0].logits == results[1].logits)
        var filter = 0
        for ((weight, bias), layer) in zip(network.convolutions, QuantizedWeights.layerBits(of: network, bits)) {
            let (largest, count) = (Float(QuantizedWeights.largestWeight(of: layer.bits)), weight.count / bias.count)
            for place in weight.range {
                let scale = scales[filter + (place - weight.offset) / count]
                func whole(_ place: Int) -> Float {
                    min(largest, max(-largest, (behind.values[place] / scale).rounded(.toNearestOrEven)))
                }
                let (own, other) = (whole(place), whole(place ^ 1))
                // Neighbours that come to too much share what is too much, the first one having the larger half.
                let excess = weight.shape[3] == 1 && own * other > 0 ? max(0, abs(own + other) - 128) : 0
                let less = (excess / 2).rounded(place % 2 == 0 ? .up : .down)
                #expect(result.values[place] == (own > 0 ? own - less : own + less) * scale, "\(weight.name)")
            }
            #expect(result.values[bias.range] == behind.values[bias.range])
            filter += bias.count
        }
        let plain = try made(nil, from: TrainerState(weights: result))
        #expect(logits(plain) == results[0].logits)
        // So that what is quantized is what was learnt.
        let steps = [ActivationStep](repeating: ActivationStep(size: 0.05), count: network.activations.count)
        let quantized = try QuantizedWeights(
            quantizing: result, of: network, bits: bits, steps: steps, scales: scales)
        #expect(zip(quantized.scales, scales).allSatisfy { $0 >= $1 })
        let far = zip(quantized.weights(of: network).values, result.values).map { abs($0 - $1) }.max()!
        #expect(far < 1e-3, "\(far)")
    }

    /// The network computes with each layer's nearest numbers, among them zero, and what is zero stays it.
    @Test func whatChoosesAmongNumbersIsComputedWith() throws {
        let pruned = weights.pruned(network, sparsity: 0.4)
        let shared = try SharedWeights(sharing: pruned, of: network, bits: 3)
        let constraint = Constraint.nearest(codebooks: shared.codebooks, zeros: pruned)
        let results = try [1, 3].map { threads in
            let trainer = try made(constraint, from: TrainerState(weights: pruned), threads: threads)
            train(trainer)
            return (behind: trainer.weights, result: trainer.result, logits: logits(trainer))
        }
        let (behind, result) = (results[0].behind, results[0].result)
        #expect(behind == results[1].behind && result == results[1].result)
        #expect(results[0].logits == results[1].logits)
        for ((weight, bias), codebook) in zip(network.convolutions, shared.codebooks) {
            for place in weight.range {
                let (own, number) = (behind.values[place], result.values[place])
                #expect((own == 0) == (pruned.values[place] == 0) && (number == 0 || codebook.contains(number)))
                let nearest = (codebook + [0]).map { abs($0 - own) }.min()!
                #expect(abs(abs(number - own) - nearest) <= 1e-7, "\(weight.name)[\(place)]")
            }
            #expect(result.values[bias.range] == behind.values[bias.range])
        }
        let found = try SharedWeights(sharing: result, of: network, bits: 3)
        #expect(found.weights(of: network) == result && found.codes != shared.codes)
        #expect(logits(try made(nil, from: TrainerState(weights: result))) == results[0].logits)
    }

    private func logits(_ trainer: Trainer) -> [Float] {
        Self.pictures.withExamples(Self.labels) { trainer.logits(of: $0) }
    }

    @Test func recipesThatMoveWeightsOtherwiseAreRefused() throws {
        #expect(throws: EngineError.self) {
            try made(
                .sparse(weights, of: network), from: TrainerState(weights: weights), recipe: .strong)
        }
        #expect(throws: EngineError.self) {
            _ = try SharedWeights(network, codes: [1], codebooks: [], biases: [])
        }
    }
}
