import SqueezeNet
import Testing

/// Every layer's gradient against the change of the loss when its weights move: independent of any other implementation.
@Suite struct FiniteDifferenceTests {
    struct Shape: Sendable {
        var bypass = Bypass.none
        var classifierPadding = 0
        var rectifiesScores = true
    }

    @Test(
        arguments: Kernels.available,
        [
            Shape(), Shape(bypass: .complex), Shape(classifierPadding: 1), Shape(bypass: .simple, classifierPadding: 3),
            Shape(rectifiesScores: false), Shape(classifierPadding: 1, rectifiesScores: false),
        ])
    func gradientsAreSlopes(_ kernels: Kernels, _ shape: Shape) throws {
        let network = try Network(
            .squeezenetCIFAR, bypass: shape.bypass, classes: 5, inputSize: 14,
            classifierPadding: shape.classifierPadding)
        let start = Weights(glorotUniformFor: network, seed: 6)
        // Biases away from zero, so that few ReLUs sit on their edge.
        var values = start.values
        for parameter in network.parameters where parameter.shape.count == 1 {
            for i in 0..<parameter.count { values[parameter.offset + i] = i % 2 == 0 ? 0.05 : -0.05 }
        }
        // What padding takes from the average, so that slopes, and with them the steps, are as long as without.
        let head = try #require(network.layers.first { $0.name == "classifier.0" }).output.height
        let share =
            Float(head * head) / Float((head + 2 * shape.classifierPadding) * (head + 2 * shape.classifierPadding))
        let classifier = try #require(network.parameters.first { $0.name == "classifier.1.weight" })
        for i in 0..<classifier.count { values[classifier.offset + i] /= share }
        let pictures = Pictures(count: 6, size: 14)
        let labels = [0, 1, 2, 3, 4, 0]
        var recipe = Recipe.tutorial
        recipe.usesDropout = false
        recipe.augmentation.flips = false
        recipe.rectifiesScores = shape.rectifiesScores
        let trainer = try Trainer(
            network: network, preprocessing: Preprocessing(size: 14), recipe: recipe,
            state: TrainerState(weights: Weights(network, values: values)), seed: 1, threads: 1, kernels: kernels)
        let gradients = pictures.withExamples(labels) { trainer.gradients(of: $0, epoch: 0) }.values

        func loss(_ values: [Float]) throws -> Double {
            let classifier = try Classifier(
                network: network, weights: Weights(network, values: values), preprocessing: trainer.preprocessing,
                rectifiesScores: shape.rectifiesScores, threads: 1, kernels: kernels)
            return pictures.withPictures { classifier.evaluate($0, labels: labels).meanLoss }
        }

        // So far that the loss changes by 6·10⁻⁵: hundreds of roundings, and few ReLUs tip over.
        try expectSlopes(gradients, of: network, at: values, change: 3e-5, loss)
    }

    /// With normalization the loss is that of a step: every picture's depends on all of its group.
    @Test(arguments: Kernels.available, [Bypass.none, .simple, .complex])
    func gradientsThroughNormalizationAreSlopes(_ kernels: Kernels, _ bypass: Bypass) throws {
        let network = try Network(.squeezenetCIFAR, bypass: bypass, classes: 5, inputSize: 14)
        let values = Weights(glorotUniformFor: network, seed: 6).values
        let pictures = Pictures(count: 6, size: 14)
        let labels = [0, 1, 2, 3, 4, 0]
        var recipe = Recipe.strong
        recipe.augmentation = Augmentation(padding: 0, flips: false)
        recipe.normalizationGroup = 3
        func trainer(_ values: [Float]) throws -> Trainer {
            try Trainer(
                network: network, preprocessing: Preprocessing(size: 14), recipe: recipe,
                state: TrainerState(weights: Weights(network, values: values)), seed: 1, plannedSteps: 1, threads: 1,
                kernels: kernels)
        }
        let own = try trainer(values)
        let gradients = pictures.withExamples(labels) { own.gradients(of: $0, epoch: 0) }.values
        func loss(_ values: [Float]) throws -> Double {
            let trainer = try trainer(values)
            return pictures.withExamples(labels) { trainer.step($0, epoch: 0).meanLoss }
        }
        // Of the sums that this one moves, all that reads them is normalized.
        let still = bypass == .complex ? "features.3.bypass.bias" : nil
        try expectSlopes(gradients, of: network, at: values, change: 3e-4, still: still, loss)
    }

    /// Each tensor moves along its gradient, there and back, by what changes the loss by so much.
    /// - Parameter still: the one that changes nothing.
    private func expectSlopes(
        _ gradients: [Float], of network: Network, at values: [Float], change: Double,
        still: String? = nil, _ loss: ([Float]) throws -> Double
    ) throws {
        for parameter in network.parameters {
            let range = parameter.offset..<parameter.offset + parameter.count
            let slope = gradients[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect((slope > 1e-6) == (parameter.name != still), "\(parameter.name): \(slope)")
            if parameter.name == still { continue }
            let step = change / slope
            var (ahead, behind) = (values, values)
            for i in range {
                ahead[i] += Float(step * Double(gradients[i]) / slope)
                behind[i] -= Float(step * Double(gradients[i]) / slope)
            }
            let measured = try (loss(ahead) - loss(behind)) / (2 * step)
            #expect(abs(measured - slope) < 0.03 * slope, "\(parameter.name): measured \(measured), computed \(slope)")
        }
    }
}
