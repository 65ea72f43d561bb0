import SqueezeNet
import Testing

/// Networks that are trained without a ReLU on their scores, and what inference, which has one, makes of them.
@Suite struct LiftTests {
    private static let pictures = Pictures(count: 40, size: 32)
    private static let labels = (0..<40).map { $0 * 3 % 17 }

    /// 17 classes: a panel of which only one lane is a class.
    private static func trained(frozen: Int?, averageDecay: Float) throws -> Trainer {
        let network = try Network(.squeezenetCIFAR, classes: 17, inputSize: 32)
        var recipe = Recipe.strong
        recipe.normalizationGroup = 0
        recipe.frozenModules = frozen
        recipe.averageDecay = averageDecay
        let trainer = try Trainer(
            network: network, preprocessing: Preprocessing(size: 32), recipe: recipe,
            state: TrainerState(weights: Weights(glorotUniformFor: network, seed: 9)), seed: 3, plannedSteps: 10,
            threads: 2)
        pictures.withExamples(labels) { examples in
            for _ in 0..<4 { _ = trainer.step(examples, epoch: 1) }
        }
        return trainer
    }

    @Test(arguments: [nil, 3, 5], [Float(0), 0.99])
    func liftedScoresPassTheReLU(_ frozen: Int?, _ averageDecay: Float) throws {
        let trainer = try Self.trained(frozen: frozen, averageDecay: averageDecay)
        let (smallest, found) = Self.pictures.withExamples(Self.labels) {
            (trainer.smallestScore(of: $0), trainer.logits(of: $0))
        }
        #expect(smallest < 0 && smallest <= found.min()!)
        func logits(_ weights: Weights, rectifiesScores: Bool) throws -> [Float] {
            let classifier = try Classifier(
                network: trainer.network, weights: weights, preprocessing: trainer.preprocessing,
                rectifiesScores: rectifiesScores, threads: 2)
            return Self.pictures.withPictures { classifier.classify($0) }
        }
        func areSame(_ some: [Float], _ others: [Float], lift: Float = 0) -> Bool {
            zip(some, others).allSatisfy { abs($0 + lift - $1) <= 2e-6 * max(1, lift, -smallest) }
        }
        var weights = trainer.result
        let plain = try logits(weights, rectifiesScores: false)
        #expect(areSame(found, plain))
        // Without a lift the ReLU takes something away.
        #expect(try !areSame(plain, logits(weights, rectifiesScores: true)))

        let lift = weights.lift(trainer.network, smallestScore: smallest)
        #expect(lift >= -2 * smallest && lift < -2 * smallest + 1)
        let lifted = try logits(weights, rectifiesScores: true)
        #expect(areSame(plain, lifted, lift: lift))
        let moved = zip(trainer.result.values, weights.values).enumerated().filter { $0.element.0 != $0.element.1 }
        #expect(moved.map(\.offset) == Array(trainer.network.parameterCount - 17..<trainer.network.parameterCount))
        for place in Self.labels.indices {
            let range = place * 17..<(place + 1) * 17
            let (before, after) = (softmax(Array(plain[range])), softmax(Array(lifted[range])))
            #expect(zip(before, after).allSatisfy { abs($0 - $1) < 1e-5 })
        }
        // What is lifted stays as it is.
        let again = weights
        #expect(weights.lift(trainer.network, smallestScore: 0.5) == 0 && weights == again)
    }

    /// What is asked of the averaged weights leaves the training as it was.
    @Test func judgingChangesNoStep() throws {
        let undisturbed = try Self.trained(frozen: nil, averageDecay: 0.9)
        let asked = try Self.trained(frozen: nil, averageDecay: 0.9)
        Self.pictures.withExamples(Self.labels) { examples in
            for _ in 0..<2 {
                _ = asked.logits(of: examples)
                _ = asked.smallestScore(of: examples)
                #expect(asked.step(examples, epoch: 2) == undisturbed.step(examples, epoch: 2))
            }
        }
        #expect(asked.state == undisturbed.state && asked.state.average != asked.state.weights)
    }

    @Test func aStateGoesOnWithItsOwnRecipeOnly() throws {
        let averaged = try Self.trained(frozen: nil, averageDecay: 0.9)
        var state = averaged.state
        func trainer(_ recipe: Recipe, plannedSteps: Int = 10) throws {
            _ = try Trainer(
                network: averaged.network, preprocessing: averaged.preprocessing, recipe: recipe, state: state, seed: 3,
                plannedSteps: plannedSteps, threads: 1)
        }
        try trainer(averaged.recipe)
        #expect(throws: EngineError.self) { try trainer(.strong) }
        #expect(throws: EngineError.self) { try trainer(averaged.recipe, plannedSteps: 0) }
        state.average = nil
        #expect(throws: EngineError.self) { try trainer(averaged.recipe) }
        try trainer(.strong)
        #expect(throws: EngineError.self) { try trainer(.tutorial) }
    }
}
