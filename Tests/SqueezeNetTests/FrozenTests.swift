import SqueezeNet
import Testing

/// Modules that keep their weights: what is trained behind them is trained as if all were.
@Suite struct FrozenTests {
    static let pictures = Pictures(count: 12, size: 32)
    static let labels = (0..<12).map { $0 * 7 % 5 }

    static func trainer(
        _ architecture: Architecture, frozen: Int?, threads: Int = 2, state: TrainerState? = nil, dropout: Bool = true,
        ranks: Collective = .alone
    ) throws -> Trainer {
        let network = try Network(architecture, bypass: .simple, classes: 5, inputSize: 32)
        var recipe = Recipe.tutorial
        recipe.augmentation.padding = 4
        recipe.usesDropout = dropout
        recipe.frozenModules = frozen
        return try Trainer(
            network: network, preprocessing: Preprocessing(size: 32), recipe: recipe,
            state: state ?? TrainerState(weights: Weights(glorotUniformFor: network, seed: 9)), seed: 3,
            threads: threads, ranks: ranks)
    }

    static let cuts = [
        (Architecture.squeezenetCIFAR, 1), (.squeezenetCIFAR, 3), (.squeezenetCIFAR, 5), (.squeezenet11, 4),
        (.squeezenet11, 9), (.squeezenet10, 8),
    ]

    /// The gradients of what is not frozen are those of a training of all; the others are zero.
    @Test(arguments: cuts) func gradientsBehindTheCutAreTheSame(_ architecture: Architecture, _ frozen: Int) throws {
        let all = try Self.trainer(architecture, frozen: nil)
        let some = try Self.trainer(architecture, frozen: frozen)
        let (right, found) = Self.pictures.withExamples(Self.labels) {
            (all.gradients(of: $0, epoch: 2).values, some.gradients(of: $0, epoch: 2).values)
        }
        let parameters = all.network.parameters
        // The first parameter whose gradient is there.
        let cut = try #require(parameters.first { found[$0.offset..<$0.offset + $0.count].contains { $0 != 0 } }).offset
        #expect(cut > 0 && found[..<cut].allSatisfy { $0 == 0 })
        let largest = right[cut...].map(abs).max()!
        #expect(largest > 0)
        #expect(zip(right[cut...], found[cut...]).allSatisfy { abs($0 - $1) <= 2e-5 * largest })
        let kept = parameters.filter { $0.offset < cut }
        // A module is a stem, or a fire module with its three convolutions and perhaps a bypass.
        let modules = Set(kept.map { $0.name.split(separator: ".").prefix(2).joined(separator: ".") })
        #expect(modules.count == frozen)
    }

    @Test(arguments: cuts) func onlyWhatIsBehindTheCutMoves(_ architecture: Architecture, _ frozen: Int) throws {
        let trainer = try Self.trainer(architecture, frozen: frozen)
        let before = trainer.weights
        Self.pictures.withExamples(Self.labels) { _ = trainer.step($0, epoch: 1) }
        let after = trainer.weights
        for parameter in trainer.network.parameters {
            let range = parameter.offset..<parameter.offset + parameter.count
            let module = Int(parameter.name.split(separator: ".")[1])!
            let isHead = parameter.name.hasPrefix("classifier")
            if isHead { #expect(after.values[range] != before.values[range]) }
            if !isHead, module == 0 { #expect(after.values[range] == before.values[range]) }
        }
    }

    /// Features may be computed before, by any number of threads: the same bits come of it.
    @Test(arguments: cuts) func keptFeaturesGiveTheSameBits(_ architecture: Architecture, _ frozen: Int) throws {
        let one = try Self.trainer(architecture, frozen: frozen, threads: 1)
        let other = try Self.trainer(architecture, frozen: frozen, threads: 3)
        let count = one.featureCount
        #expect(count > 0)
        Self.pictures.withExamples(Self.labels) { examples in
            let memory = UnsafeMutablePointer<Float>.allocate(capacity: count * examples.count)
            defer { memory.deallocate() }
            for epoch in 1...3 {
                other.computeFeatures(of: examples, epoch: epoch, into: memory)
                let kept = examples.enumerated().map { place, example in
                    Example(
                        picture: example.picture, label: example.label, index: example.index,
                        features: UnsafePointer(memory + place * count))
                }
                #expect(one.step(examples, epoch: epoch) == other.step(kept, epoch: epoch))
            }
        }
        #expect(one.state == other.state)
        let third = try Self.trainer(architecture, frozen: frozen, threads: 2, state: one.state)
        #expect(third.state == one.state)
    }

    /// What a training says of a picture now is what a classifier with its weights says.
    @Test(arguments: [nil, 3, 5]) func logitsAreThoseOfAClassifier(_ frozen: Int?) throws {
        let trainer = try Self.trainer(.squeezenetCIFAR, frozen: frozen)
        let classifier = try Classifier(
            network: trainer.network, weights: trainer.weights, preprocessing: trainer.preprocessing, threads: 2)
        Self.pictures.withExamples(Self.labels) { examples in
            let right = classifier.classify(examples.map(\.picture))
            let found = trainer.logits(of: examples)
            let largest = right.map(abs).max()!
            #expect(found.count == right.count && zip(found, right).allSatisfy { abs($0 - $1) <= 2e-5 * largest })
        }
    }

    /// Adam's first step is the learning rate, whatever the gradient.
    @Test func theBackboneHasItsOwnLearningRate() throws {
        let network = try Network(.squeezenetCIFAR, classes: 5, inputSize: 32)
        var recipe = Recipe.tutorial
        recipe.usesDropout = false
        recipe.backboneLearningRate = 1e-5
        let trainer = try Trainer(
            network: network, preprocessing: Preprocessing(size: 32), recipe: recipe,
            state: TrainerState(weights: Weights(glorotUniformFor: network, seed: 9)), seed: 3, threads: 2)
        let before = trainer.weights
        Self.pictures.withExamples(Self.labels) { _ = trainer.step($0, epoch: 1) }
        let moved = zip(before.values, trainer.weights.values).map { abs($0 - $1) }
        let classifier = try #require(network.parameters.first { $0.name.hasPrefix("classifier") }).offset
        #expect(abs(moved[..<classifier].max()! - 1e-5) < 2e-7)
        #expect(abs(moved[classifier...].max()! - 1e-3) < 1e-5)
    }

    @Test func refusesWhatCanNotBeFrozen() throws {
        for frozen in [-1, 6, 100] {
            #expect(throws: EngineError.self) { try Self.trainer(.squeezenetCIFAR, frozen: frozen) }
        }
        var recipe = Recipe.tutorial
        recipe.backboneLearningRate = 0
        #expect(throws: EngineError.self) { try recipe.validate() }
    }
}
