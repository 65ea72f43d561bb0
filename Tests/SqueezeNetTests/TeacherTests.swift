import Foundation
import SqueezeNet
import Testing

/// A network that learns of another one's logits.
@Suite struct TeacherTests {
    private static let pictures = Pictures(count: 21, size: 32)
    private static let labels = (0..<21).map { $0 * 7 % 10 }

    private static func recipe(_ share: Float?, group: Int = 0) -> Recipe {
        var recipe = Recipe.strong
        recipe.labelSmoothing = 0
        recipe.normalizationGroup = group
        recipe.distillation = share.map { Distillation(temperature: 3, share: $0) }
        recipe.augmentation.padding = 4
        return recipe
    }

    private static func trainer(
        _ recipe: Recipe, teacher: Teacher?, threads: Int = 2, state: TrainerState? = nil
    ) throws -> Trainer {
        let network = try Network(.squeezenetCIFAR, classes: 10, inputSize: 32)
        return try Trainer(
            network: network, preprocessing: Preprocessing(size: 32), recipe: recipe, teacher: teacher,
            state: state ?? TrainerState(weights: Weights(glorotUniformFor: network, seed: 9)), seed: 3,
            plannedSteps: 4, threads: threads)
    }

    private static func teacher(
        _ architecture: Architecture = .squeezenetCIFAR, width: Int = 2, classes: Int = 10, size: Int = 32,
        seed: UInt64 = 4
    ) throws -> Teacher {
        let network = try Network(architecture, width: width, classes: classes, inputSize: size)
        return try Teacher(
            network: network, weights: Weights(glorotUniformFor: network, seed: seed),
            preprocessing: Preprocessing(size: size, channels: .bgr, normalization: .imageNet))
    }

    private static func train(_ trainer: Trainer, steps: Range<Int> = 0..<4) -> [Evaluation] {
        pictures.withExamples(labels) { examples in steps.map { trainer.step(examples, epoch: $0) } }
    }

    /// It computes what it would as a classifier, of the same part of the picture: nothing is drawn here.
    @Test(arguments: [Float(0.3), 1]) func theLossIsMadeOfBothNetworksLogits(_ share: Float) throws {
        var recipe = Self.recipe(share)
        recipe.augmentation = Augmentation(padding: 0, flips: false)
        let trainer = try Self.trainer(recipe, teacher: Self.teacher())
        let network = try Network(.squeezenetCIFAR, width: 2, classes: 10, inputSize: 32)
        let teacher = try Classifier(
            network: network, weights: Weights(glorotUniformFor: network, seed: 4),
            preprocessing: Preprocessing(size: 32, channels: .bgr, normalization: .imageNet), threads: 1)
        let right = Self.pictures.withExamples(Self.labels) { examples in
            let own = trainer.logits(of: examples).map(Double.init)
            let taught = teacher.classify(examples.map(\.picture)).map(Double.init)
            return examples.indices.map { place in
                let range = place * 10..<(place + 1) * 10
                let (wanted, found) = (logSoftmax(taught[range], 3), logSoftmax(own[range], 3))
                var divergence = 0.0
                for (wanted, found) in zip(wanted, found) { divergence += exp(wanted) * (wanted - found) }
                let entropy: Double = -logSoftmax(own[range], 1)[Self.labels[place]]
                return Double(share) * 9 * divergence + Double(1 - share) * entropy
            }.reduce(0.0, +)
        }
        let found = Self.train(trainer, steps: 0..<1)[0].lossSum
        #expect(abs(found - right) < 1e-4 * right, "\(found) \(right)")
    }

    /// The gradient is the slope of the loss.
    @Test func gradientsAreTheSlopeOfTheLoss() throws {
        let recipe = Self.recipe(0.7)
        let network = try Network(.squeezenetCIFAR, classes: 10, inputSize: 32)
        let start = Weights(glorotUniformFor: network, seed: 9)
        func loss(_ values: [Float]) throws -> Double {
            let trainer = try Self.trainer(
                recipe, teacher: Self.teacher(), state: TrainerState(weights: Weights(network, values: values)))
            return Self.train(trainer, steps: 0..<1)[0].meanLoss
        }
        let gradients = try Self.trainer(recipe, teacher: Self.teacher())
        let values = Self.pictures.withExamples(Self.labels) { gradients.gradients(of: $0, epoch: 0).values }
        let classifier = try #require(network.parameters.first { $0.name == "classifier.1.weight" })
        let biases = try #require(network.parameters.last)
        for place in [classifier.offset + 5, classifier.offset + 700, biases.offset, biases.offset + 9] {
            let losses = try [Float(0x1p-7), -0x1p-7].map { move in
                var moved = start.values
                moved[place] += move
                return try loss(moved)
            }
            let slope = (losses[0] - losses[1]) / 0x1p-6
            #expect(abs(slope - Double(values[place])) < 2e-3 * max(abs(slope), 0.05), "\(slope) \(values[place])")
        }
    }

    /// One without a share changes nothing, and who has learnt all that there is has nothing to learn.
    @Test func noShareIsNoTeacher() throws {
        let taught = try Self.trainer(Self.recipe(0), teacher: Self.teacher())
        let alone = try Self.trainer(Self.recipe(nil), teacher: nil)
        #expect(Self.train(taught) == Self.train(alone) && taught.weights == alone.weights)
        let other = try Self.trainer(Self.recipe(0.5), teacher: Self.teacher())
        _ = Self.train(other)
        #expect(other.weights != alone.weights)
    }

    @Test(arguments: [0, 5]) func theBitsAreTheSameForAnyThreadsAndInterruptions(_ group: Int) throws {
        let recipe = Self.recipe(0.9, group: group)
        let one = try Self.trainer(recipe, teacher: Self.teacher(), threads: 1)
        let results = Self.train(one)
        for threads in [2, 3] {
            let first = try Self.trainer(recipe, teacher: Self.teacher(), threads: threads)
            let before = Self.train(first, steps: 0..<2)
            let second = try Self.trainer(recipe, teacher: Self.teacher(), threads: threads, state: first.state)
            #expect(before + Self.train(second, steps: 2..<4) == results && second.weights == one.weights)
        }
    }

    @Test func anotherArchitectureTeachesToo() throws {
        let trainer = try Self.trainer(Self.recipe(0.9), teacher: Self.teacher(.squeezenet11, width: 1))
        let losses = Self.train(trainer).map(\.meanLoss)
        #expect(losses.allSatisfy(\.isFinite) && losses[3] < losses[0], "\(losses)")
    }

    @Test func whoCanNotTeachIsRefused() throws {
        func refusal(_ recipe: Recipe, _ teacher: Teacher?) -> String? {
            #expect(throws: EngineError.self) { try Self.trainer(recipe, teacher: teacher) }?.description
        }
        let some = Self.recipe(0.9)
        #expect(refusal(some, nil) == "the recipe learns of a teacher, and there is none")
        #expect(refusal(Self.recipe(nil), try Self.teacher()) == "the recipe has no use for a teacher")
        #expect(
            refusal(some, try Self.teacher(classes: 9)) == "the teacher tells 9 classes apart; there are 10")
        #expect(refusal(some, try Self.teacher(size: 40)) == "the teacher takes 40x40 pixels; right would be 32x32")
        for (temperature, share) in [(Float(0), Float(0.5)), (.nan, 0.5), (4, 1.1), (4, -0.1)] {
            var recipe = some
            recipe.distillation = Distillation(temperature: temperature, share: share)
            #expect(refusal(recipe, try Self.teacher())?.hasPrefix("the te") == true)
        }
    }
}

private func logSoftmax(_ logits: ArraySlice<Double>, _ temperature: Double) -> [Double] {
    let sum = logits.reduce(0) { $0 + exp($1 / temperature) }
    return logits.map { $0 / temperature - log(sum) }
}
