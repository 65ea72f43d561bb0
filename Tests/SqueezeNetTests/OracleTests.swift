import SqueezeNet
import Testing

/// The engine against PyTorch and TensorFlow.
@Suite struct OracleTests {
    static let combinations = Fixture.names.flatMap { name in Kernels.available.map { (name, $0) } }
        // The plain reference takes seconds for the large networks; the fast kernels are compared with it one by one elsewhere.
        .filter { $0.1.name != "scalar" || $0.0.hasPrefix("squeezenet-cifar") || $0.0.hasSuffix("32") }

    /// Bound of the issue: logits within 1e-5 of double precision, relative to the largest.
    @Test(arguments: combinations) func logitsAndLoss(_ name: String, _ kernels: Kernels) throws {
        let fixture = try Fixture(name)
        let classifier = try Classifier(
            network: fixture.network(), weights: fixture.weights(),
            preprocessing: Preprocessing(size: fixture.size), threads: 2, kernels: kernels)
        let (logits, evaluation) = fixture.pictures().withPictures {
            (classifier.classify($0), classifier.evaluate($0, labels: fixture.labels))
        }
        let largest = fixture.logits.map(abs).max()!
        let error = zip(logits, fixture.logits).map { abs(Double($0) - $1) }.max()!
        #expect(logits.count == fixture.logits.count)
        #expect(error < 1e-5 * largest, "relative error \(error / largest), PyTorch's \(fixture.torchLogitError)")
        #expect(abs(evaluation.meanLoss - fixture.loss) < 1e-5 * fixture.loss)

        if let probabilities = fixture.probabilities {
            let found = (0..<fixture.labels.count).flatMap {
                softmax(Array(logits[$0 * fixture.classes..<($0 + 1) * fixture.classes]))
            }
            #expect(zip(found, probabilities).allSatisfy { abs(Double($0) - $1) < 1e-6 })
        }
    }

    /// Every tensor's gradient, through dropout. Half of the tensors, and all of the smallest network, are no farther from double
    /// precision than three times PyTorch's own single-precision error. In the deep ones, computed for a picture or two, a rounding
    /// can tip a ReLU or a maximum over, which shows in single tensors; that is bounded too.
    @Test(arguments: combinations) func gradients(_ name: String, _ kernels: Kernels) throws {
        let fixture = try Fixture(name)
        let network = try fixture.network()
        let trainer = try trainer(fixture, .tutorial, kernels)
        let (gradients, result) = fixture.pictures().withExamples(fixture.labels) {
            (trainer.gradients(of: $0, epoch: fixture.epoch), trainer.step($0, epoch: fixture.epoch))
        }
        #expect(abs(result.meanLoss - fixture.dropoutLoss) < 1e-5 * fixture.dropoutLoss)

        var truth = try Fixture.floats(name)[...]
        var ratios: [Double] = []
        for (tensor, parameter) in zip(fixture.tensors, network.parameters) {
            #expect(tensor.name == parameter.name && tensor.shape == parameter.shape)
            let own = stride(
                from: parameter.offset, to: parameter.offset + parameter.count, by: fixture.sampleDistance(of: tensor)
            ).map { gradients.values[$0] }
            let (error, norm) = distance(own, truth.prefix(own.count))
            truth = truth.dropFirst(own.count)
            ratios.append(error / norm / tensor.torchError)
            let allowed = max(3 * tensor.torchError, fixture.isFull ? 0 : 1e-4)
            #expect(error <= allowed * norm, "\(tensor.name): \(error / norm), PyTorch \(tensor.torchError)")
        }
        #expect(truth.isEmpty || fixture.isFull)
        #expect(ratios.sorted()[ratios.count / 2] <= 3, "\(ratios)")
    }

    /// Ten steps of TensorFlow's Adam: losses, and weights no farther from double precision than gradients with three times
    /// PyTorch's error would lead.
    @Test(arguments: Kernels.available) func tenAdamSteps(_ kernels: Kernels) throws {
        let name = Fixture.names[0]
        let fixture = try Fixture(name)
        let network = try fixture.network()
        var recipe = Recipe.tutorial
        recipe.usesDropout = false
        let trainer = try trainer(fixture, recipe, kernels)
        let losses = fixture.pictures().withExamples(fixture.labels) { examples in
            (0..<10).map { _ in trainer.step(examples, epoch: fixture.epoch).meanLoss }
        }
        let expected = try #require(fixture.adamLosses)
        #expect(zip(losses, expected).allSatisfy { abs($0 - $1) < 1e-5 * $1 }, "\(losses) \(expected)")

        let truth = try Fixture.floats(name).dropFirst(network.parameterCount)
        let noises = try #require(fixture.adamNoise)
        let weights = trainer.weights.values
        for (parameter, noise) in zip(network.parameters, noises) {
            let range = parameter.offset..<parameter.offset + parameter.count
            let (error, norm) = distance(weights[range], truth.dropFirst(range.lowerBound).prefix(range.count))
            #expect(error <= noise * norm, "\(parameter.name): \(error / norm), noise \(noise)")
        }
    }

    /// No augmentation: the oracle saw the pictures as they are.
    private func trainer(_ fixture: Fixture, _ recipe: Recipe, _ kernels: Kernels) throws -> Trainer {
        var recipe = recipe
        recipe.augmentation.flips = false
        return try Trainer(
            network: fixture.network(), preprocessing: Preprocessing(size: fixture.size), recipe: recipe,
            state: TrainerState(weights: fixture.weights()), seed: fixture.seed, threads: 2,
            kernels: kernels)
    }
}
