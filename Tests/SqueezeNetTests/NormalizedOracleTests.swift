import FoundationEssentials
import SqueezeNet
import Testing

/// Losses and gradients through batch normalization against PyTorch (`make_normalized.py`).
@Suite struct NormalizedOracleTests {
    struct Case: Decodable, Sendable {
        var architecture: Architecture
        var bypass: Bypass
        var classes: Int
        var size: Int
        var pictures: Int
        var group: Int
        var loss: Double
        /// Of the gradients' samples, tensor by tensor.
        var norms: [Double]
        /// What rounding does, relative to the whole tensor's norm; 0 of those that change nothing.
        var errors: [Double]
    }

    struct File: Decodable {
        var seed: UInt64
        var samples: Int
        var cases: [Case]
    }

    @Test(arguments: Kernels.available) func lossAndGradients(_ kernels: Kernels) throws {
        let file = try JSONDecoder().decode(
            File.self, from: Data(contentsOf: Fixture.directory.appending(path: "normalized.json")))
        var truth = try Fixture.floats("normalized")[...]
        for one in file.cases {
            var fixture = try Fixture(Fixture.names[0])
            (fixture.architecture, fixture.bypass, fixture.classes) = (one.architecture, one.bypass, one.classes)
            (fixture.size, fixture.seed) = (one.size, file.seed)
            fixture.labels = (0..<one.pictures).map { (3 * $0 + 1) % one.classes }
            let network = try fixture.network()
            var recipe = Recipe.strong
            recipe.augmentation = Augmentation(padding: 0, flips: false)
            recipe.labelSmoothing = 0.1
            recipe.normalizationGroup = one.group
            let trainer = try Trainer(
                network: network, preprocessing: Preprocessing(size: one.size), recipe: recipe,
                state: TrainerState(weights: fixture.weights()), seed: 1, plannedSteps: 1, threads: 2, kernels: kernels)
            let (gradients, result) = fixture.pictures().withExamples(fixture.labels) {
                (trainer.gradients(of: $0, epoch: 1), trainer.step($0, epoch: 1))
            }
            let name = "\(one.architecture.rawValue), \(one.bypass.rawValue)"
            #expect(abs(result.meanLoss - one.loss) < 1e-5 * one.loss, "\(name): \(result.meanLoss) \(one.loss)")
            var ratios: [Double] = []
            for (place, parameter) in network.parameters.enumerated() {
                let own = stride(
                    from: parameter.offset, to: parameter.offset + parameter.count,
                    by: (parameter.count + file.samples - 1) / file.samples
                ).map { gradients.values[$0] }
                let (error, norm) = distance(own, truth.prefix(own.count))
                truth = truth.dropFirst(own.count)
                #expect(abs(norm - one.norms[place]) < 1e-5 * norm + 1e-12)
                if one.errors[place] == 0 {
                    #expect(error < 1e-4 * one.norms[place - 1], "\(name), \(parameter.name): \(error)")
                    continue
                }
                ratios.append(error / norm / one.errors[place])
                // The last is a sum of equal numbers, one a pixel, which are all rounded in one direction.
                let isSum = place == network.parameters.count - 1
                let map = try #require(network.layers.last { $0.kind == .convolution }).output
                let rounding = isSum ? 0x1p-24 * Double(one.pictures * map.height * map.width) : 0
                let allowed = 3 * one.errors[place] + rounding
                #expect(error <= allowed * norm, "\(name), \(parameter.name): \(error / norm), allowed \(allowed)")
            }
            #expect(ratios.sorted()[ratios.count / 2] <= 3, "\(name): \(ratios)")
        }
        #expect(truth.isEmpty)
    }
}
