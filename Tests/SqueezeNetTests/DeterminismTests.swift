import Dispatch
import SqueezeNet
import Testing

/// Training is a function of (network, data, recipe, seed): the same bits for any number of threads and any interruption.
@Suite struct DeterminismTests {
    static let pictures = Pictures(count: 45, size: 32)
    static let labels = (0..<45).map { $0 * 7 % 10 }

    struct Run: Sendable, CustomTestStringConvertible {
        var architecture = Architecture.squeezenetCIFAR
        var bypass = Bypass.none
        var recipe = Recipe.tutorial
        var kernels: Kernels

        var testDescription: String {
            "\(architecture.rawValue), bypass \(bypass.rawValue), \(recipe.name.rawValue), \(kernels.name)"
        }
    }

    static let runs =
        Kernels.available.filter { $0.name != "scalar" }.map { Run(kernels: $0) } + [
            Run(architecture: .squeezenet11, bypass: .complex, kernels: .selected),
            Run(architecture: .squeezenet10, bypass: .simple, kernels: .selected),
            Run(recipe: full, kernels: .selected),
            Run(recipe: normalized(6), kernels: .selected),
            Run(bypass: .complex, recipe: normalized(20), kernels: .selected),
            Run(architecture: .squeezenet10, bypass: .simple, recipe: normalized(3), kernels: .selected),
        ]

    private static func normalized(_ group: Int) -> Recipe {
        var recipe = full
        recipe.normalizationGroup = group
        return recipe
    }

    /// All that a recipe may have.
    private static let full = {
        var recipe = Recipe.strong
        recipe.normalizationGroup = 0
        recipe.averageDecay = 0.9
        recipe.usesDropout = true
        recipe.augmentation.cutout = 8
        return recipe
    }()

    /// Three steps an epoch, the last one smaller and not a multiple of the shards.
    static func train(_ trainer: Trainer, from first: Int, to last: Int) -> [Evaluation] {
        pictures.withExamples(labels) { examples in
            (first..<last).map { step in
                let (epoch, place) = (step / 3, step % 3)
                let order = shuffledIndices(45, seed: trainer.seed, epoch: epoch)
                return trainer.step(order[place * 20..<min(45, place * 20 + 20)].map { examples[$0] }, epoch: epoch)
            }
        }
    }

    static func trainer(
        _ run: Run, threads: Int, state: TrainerState? = nil, ranks: Collective = .alone
    ) throws -> Trainer {
        let network = try Network(run.architecture, bypass: run.bypass, classes: 10, inputSize: 32)
        var recipe = run.recipe
        recipe.augmentation.padding = 4
        return try Trainer(
            network: network, preprocessing: Preprocessing(size: 32), recipe: recipe,
            state: state ?? TrainerState(weights: Weights(glorotUniformFor: network, seed: 9)), seed: 11,
            plannedSteps: 5, threads: threads, kernels: run.kernels, ranks: ranks)
    }

    @Test(arguments: runs) func sameBitsForAnyThreadCount(_ run: Run) throws {
        let one = try Self.trainer(run, threads: 1)
        let results = Self.train(one, from: 0, to: 5)
        #expect(results.allSatisfy { $0.lossSum.isFinite })
        for threads in [2, 3, 8] {
            let other = try Self.trainer(run, threads: threads)
            #expect(Self.train(other, from: 0, to: 5) == results)
            #expect(other.state == one.state, "\(threads) threads")
        }
    }

    @Test(arguments: runs) func sameBitsAfterInterruption(_ run: Run) throws {
        let undisturbed = try Self.trainer(run, threads: 2)
        _ = Self.train(undisturbed, from: 0, to: 5)
        // In the middle of an epoch, at its end, and with another number of threads.
        for interruption in [1, 3, 4] {
            let first = try Self.trainer(run, threads: 1)
            _ = Self.train(first, from: 0, to: interruption)
            let second = try Self.trainer(run, threads: 3, state: first.state)
            _ = Self.train(second, from: interruption, to: 5)
            #expect(second.state == undisturbed.state)
            #expect(second.steps == 5)
        }
    }

    @Test func otherSeedsGiveOtherNumbers() throws {
        let network = try Network(.squeezenetCIFAR, classes: 10, inputSize: 32)
        #expect(Weights(glorotUniformFor: network, seed: 1) != Weights(glorotUniformFor: network, seed: 2))
        #expect(shuffledIndices(100, seed: 1, epoch: 0) != shuffledIndices(100, seed: 1, epoch: 1))
        #expect(shuffledIndices(100, seed: 1, epoch: 0) != shuffledIndices(100, seed: 2, epoch: 0))
        #expect(shuffledIndices(100, seed: 1, epoch: 7).sorted() == Array(0..<100))
    }

    /// Any thread count and any grouping of the pictures give the same logits; a picture by itself is shared out layer by layer.
    /// 26: maps of 13 and 6, whose pool and tiles end within a window. 67: stems of 33 and 31 rows, in strips of six.
    @Test(
        arguments: Kernels.available,
        [
            (Architecture.squeezenetCIFAR, 32, 45), (.squeezenetCIFAR, 26, 45), (.squeezenet10, 67, 3),
            (.squeezenet11, 67, 3),
        ])
    func sameLogitsForAnyThreadCount(
        _ kernels: Kernels, _ run: (architecture: Architecture, size: Int, pictures: Int)
    ) throws {
        let network = try Network(run.architecture, classes: 10, inputSize: run.size)
        let logits = try [1, 2, 3, 8].map { threads in
            let classifier = try Classifier(
                network: network, weights: Weights(glorotUniformFor: network, seed: 4),
                preprocessing: Preprocessing(size: run.size),
                threads: threads, kernels: kernels)
            return Self.pictures.withPictures {
                classifier.classify(Array($0[..<run.pictures])) + classifier.classify([$0[2]])
            }
        }
        #expect(logits[0][20..<30] == logits[0][(10 * run.pictures)...])
        #expect(logits.allSatisfy { $0 == logits[0] })
    }

    /// A diverged run is seen, not hidden by a ReLU or a maximum.
    @Test(arguments: Kernels.available) func divergenceIsSeen(_ kernels: Kernels) throws {
        let network = try Network(.squeezenetCIFAR, classes: 10, inputSize: 14)
        for index in [0, network.parameters[10].offset, network.parameterCount - 1] {
            for poison in [Float.nan, .infinity] {
                var values = Weights(glorotUniformFor: network, seed: 4).values
                values[index] = poison
                let trainer = try Trainer(
                    network: network, preprocessing: Preprocessing(size: 14),
                    state: TrainerState(weights: Weights(network, values: values)), seed: 1, threads: 1,
                    kernels: kernels)
                let results = Self.pictures.withExamples(Self.labels) { examples in
                    (0..<2).map { _ in trainer.step(Array(examples[..<8]), epoch: 0) }
                }
                #expect(!results[1].lossSum.isFinite)
                #expect(!trainer.weights.areFinite)
            }
        }
    }

    /// That something is expected wakes threads at any moment, also in the middle of their work, and changes nothing.
    @Test func whatIsExpectedIsTheSame() throws {
        let network = try Network(.squeezenetCIFAR, classes: 10, inputSize: 32)
        // expect() may be called from any thread.
        nonisolated(unsafe) let classifier = try Classifier(
            network: network, weights: Weights(glorotUniformFor: network, seed: 4),
            preprocessing: Preprocessing(size: 32),
            threads: 3)
        Self.pictures.withPictures { pictures in
            nonisolated(unsafe) let pictures = pictures
            let alone = [classifier.classify([pictures[0]]), classifier.classify(pictures)]
            DispatchQueue.concurrentPerform(iterations: 2) { iteration in
                for _ in 0..<(iteration == 0 ? 20 : 20_000) {
                    guard iteration == 0 else {
                        classifier.expect()
                        continue
                    }
                    #expect([classifier.classify([pictures[0]]), classifier.classify(pictures)] == alone)
                }
            }
        }
    }
}
