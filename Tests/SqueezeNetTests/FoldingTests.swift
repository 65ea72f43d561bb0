import SqueezeNet
import Testing

/// Normalization that is taken into the convolutions.
@Suite struct FoldingTests {
    private static let pictures = Pictures(count: 24, size: 32)
    private static let labels = (0..<24).map { $0 % 10 }

    private static func trainer(
        _ architecture: Architecture = .squeezenetCIFAR, bypass: Bypass = .none, group: Int, average: Float = 0
    ) throws -> Trainer {
        let network = try Network(architecture, bypass: bypass, classes: 10, inputSize: 32)
        var recipe = Recipe.strong
        recipe.augmentation = Augmentation(padding: 0, flips: false)
        // What a convolution around a fire module adds is not normalized.
        recipe.learningRate = 0.01
        recipe.normalizationGroup = group
        recipe.averageDecay = average
        return try Trainer(
            network: network, preprocessing: Preprocessing(size: 32), recipe: recipe,
            state: TrainerState(weights: Weights(glorotUniformFor: network, seed: 5)), seed: 1, plannedSteps: 50,
            threads: 2)
    }

    /// Where all pictures are one group, the folded network computes on them what a step did.
    @Test(arguments: [Architecture.squeezenetCIFAR, .squeezenet10, .squeezenet11], [Bypass.none, .simple, .complex])
    func theFoldedNetworkComputesTheSame(_ architecture: Architecture, _ bypass: Bypass) throws {
        let trainer = try Self.trainer(architecture, bypass: bypass, group: 24)
        try Self.pictures.withExamples(Self.labels) { examples in
            for _ in 0..<5 { _ = trainer.step(examples, epoch: 0) }
            trainer.settle(with: examples, epoch: 0)
            let (weights, logits) = (trainer.result, trainer.logits(of: examples))
            let classifier = try Classifier(
                network: trainer.network, weights: weights, preprocessing: trainer.preprocessing,
                rectifiesScores: false, threads: 1)
            let answers = classifier.classify(examples.map(\.picture))
            for (answer, logit) in zip(answers, logits) {
                #expect(abs(answer - logit) < 1e-4 * max(1, abs(logit)))
            }
            let judged = classifier.evaluate(examples.map(\.picture), labels: Self.labels).meanLoss
            // Without the smoothing's share, the loss that the next step tells.
            var recipe = trainer.recipe
            recipe.labelSmoothing = 0
            let next = try Trainer(
                network: trainer.network, preprocessing: trainer.preprocessing, recipe: recipe, state: trainer.state,
                seed: 1, plannedSteps: 50, threads: 1)
            let told = next.step(examples, epoch: 0).meanLoss
            #expect(abs(told - judged) < 1e-4 * told, "\(told) \(judged)")
        }
    }

    /// The statistics of averaged weights are their own.
    @Test func averagedWeightsAreFolded() throws {
        let trainer = try Self.trainer(group: 24, average: 0.9)
        try Self.pictures.withExamples(Self.labels) { examples in
            for _ in 0..<5 { _ = trainer.step(examples, epoch: 0) }
            let average = try #require(trainer.state.average)
            trainer.settle(with: examples, epoch: 0)
            let plain = try Self.trainer(group: 24)
            let same = try Trainer(
                network: trainer.network, preprocessing: trainer.preprocessing, recipe: plain.recipe,
                state: TrainerState(weights: average), seed: 1, plannedSteps: 50, threads: 1)
            same.settle(with: examples, epoch: 0)
            #expect(trainer.result == same.result)
        }
    }

    @Test(arguments: [1, 2, 3, 17]) func theLastBatchMayBeOfAnySize(_ count: Int) throws {
        let trainer = try Self.trainer(group: 16)
        Self.pictures.withExamples(Self.labels) { examples in
            let result = trainer.step(Array(examples.prefix(count)), epoch: 0)
            #expect(result.count == count && result.lossSum.isFinite)
            trainer.settle(with: examples, epoch: 0)
            #expect(trainer.result.areFinite)
        }
    }

    @Test(arguments: [-1, 257]) func groupsHaveALimit(_ group: Int) throws {
        let error = #expect(throws: EngineError.self) { try Self.trainer(group: group) }
        #expect("\(try #require(error))".contains("right would be 0 to 256"))
    }
}
