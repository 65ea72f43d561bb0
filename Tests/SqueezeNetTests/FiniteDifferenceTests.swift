import SqueezeNet
import Testing

/// Every layer's gradient against the change of the loss when its weights move: independent of any other implementation.
@Suite struct FiniteDifferenceTests {
    @Test(arguments: Kernels.available, [Bypass.none, .complex])
    func gradientsAreSlopes(_ kernels: Kernels, _ bypass: Bypass) throws {
        let network = try Network(.squeezenetCIFAR, bypass: bypass, classes: 5, inputSize: 14)
        let start = Weights(glorotUniformFor: network, seed: 6)
        // Biases away from zero, so that few ReLUs sit on their edge.
        var values = start.values
        for parameter in network.parameters where parameter.shape.count == 1 {
            for i in 0..<parameter.count { values[parameter.offset + i] = i % 2 == 0 ? 0.05 : -0.05 }
        }
        let pictures = Pictures(count: 6, size: 14)
        let labels = [0, 1, 2, 3, 4, 0]
        var recipe = Recipe.tutorial
        recipe.usesDropout = false
        recipe.augmentation.flips = false
        let trainer = try Trainer(
            network: network, preprocessing: Preprocessing(size: 14), recipe: recipe,
            state: TrainerState(weights: Weights(network, values: values)), seed: 1, threads: 1, kernels: kernels)
        let gradients = pictures.withExamples(labels) { trainer.gradients(of: $0, epoch: 0) }.values

        func loss(_ values: [Float]) throws -> Double {
            let classifier = try Classifier(
                network: network, weights: Weights(network, values: values), preprocessing: trainer.preprocessing,
                threads: 1,
                kernels: kernels)
            return pictures.withPictures { classifier.evaluate($0, labels: labels).meanLoss }
        }

        for parameter in network.parameters {
            let range = parameter.offset..<parameter.offset + parameter.count
            let slope = gradients[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(slope > 1e-6, "\(parameter.name)")
            // Along the gradient, so far that the loss changes by 6·10⁻⁵: hundreds of roundings, and few ReLUs tip over.
            let step = 3e-5 / slope
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
