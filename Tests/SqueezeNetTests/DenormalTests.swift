import SqueezeNet
import Testing

/// Denormal numbers are zeros to whatever computes: else they cost a hundred times as much, and on the threads that flush them give
/// other bits than on those that do not.
@Suite struct DenormalTests {
    private static let tiny = Float.leastNormalMagnitude / 8

    /// A denormal number in the second half of every parameter, or 0 in its place.
    private static func weights(_ network: Network, tiny: Float) throws -> Weights {
        var values = Weights(glorotUniformFor: network, seed: 4).values
        for parameter in network.parameters {
            for offset in parameter.count / 2..<parameter.count { values[parameter.offset + offset] = tiny }
        }
        return try Weights(network, values: values)
    }

    @Test(arguments: Kernels.available, Architecture.allCases)
    func weightsCountAsZero(_ kernels: Kernels, _ architecture: Architecture) throws {
        let network = try Network(architecture, classes: 10, inputSize: 32)
        let pictures = Pictures(count: 3, size: 32)
        let logits = try [(0, 1), (Self.tiny, 1), (Self.tiny, 2), (-Self.tiny, 3)].map { tiny, threads in
            let classifier = try Classifier(
                network: network, weights: Self.weights(network, tiny: tiny), preprocessing: Preprocessing(size: 32),
                threads: threads, kernels: kernels)
            // Pictures by themselves, which the threads share, and together.
            return pictures.withPictures { classifier.classify([$0[0]]) + classifier.classify($0) }
        }
        #expect(logits[0].contains { $0 != 0 })
        #expect(logits.allSatisfy { $0 == logits[0] })
    }

    @Test(arguments: Kernels.available) func trainingCountsThemAsZero(_ kernels: Kernels) throws {
        let network = try Network(.squeezenetCIFAR, classes: 10, inputSize: 14)
        let pictures = Pictures(count: 8, size: 32)
        let states = try [(0, 1), (Self.tiny, 1), (Self.tiny, 2)].map { tiny, threads in
            let trainer = try Trainer(
                network: network, preprocessing: Preprocessing(size: 14),
                state: TrainerState(weights: Self.weights(network, tiny: tiny)), seed: 1, threads: threads,
                kernels: kernels)
            return pictures.withExamples(Array(0..<8)) { examples in
                for epoch in 0..<2 { _ = trainer.step(examples, epoch: epoch) }
                return trainer.state
            }
        }
        #expect(states.allSatisfy { $0 == states[0] })
        #expect(states[1].weights.values.allSatisfy { !$0.isSubnormal })
    }
}
