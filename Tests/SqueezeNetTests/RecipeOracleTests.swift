import CSqueezeKernels
import FoundationEssentials
import SqueezeNet
import Testing

/// Optimizers, schedules, the averaged weights, and the smoothed, the weighted and the taught loss against PyTorch (`make_recipes.py`).
@Suite struct RecipeOracleTests {
    struct Case: Decodable, Sendable {
        var optimizer: String
        var learningRate: Float
        var momentum: Float
        var weightDecay: Float
        var shape: Schedule.Shape
        var warmUp: Float
        var labelSmoothing: Float
        var averageDecay: Float
        var rectifiesScores: Bool
        var classWeights: [Float]?
        var losses: [Double]
        /// How far they may be off, relative to each.
        var lossAllowed: Double
        /// The learning rate of each step.
        var rates: [Double]
        /// How far the weights may be off, relative to each tensor's norm.
        var allowed: [Double]
        var averageAllowed: [Double]

        var recipe: Recipe {
            var recipe = Recipe(
                .tutorial, epochs: 1, learningRate: learningRate, schedule: Schedule(shape, warmUp: warmUp),
                optimizer: Optimizer(Optimizer.Name(rawValue: optimizer)!).with(
                    momentum: momentum, weightDecay: weightDecay),
                labelSmoothing: labelSmoothing, averageDecay: averageDecay, usesDropout: false,
                rectifiesScores: rectifiesScores, augmentation: Augmentation(padding: 0, flips: false))
            recipe.classWeights = classWeights
            return recipe
        }
    }

    struct Smoothed: Decodable, Sendable {
        var logits: [Float]
        var smoothing: Float
        var label: Int
        var loss: Double
        var gradient: [Double]
    }

    struct Distilled: Decodable, Sendable {
        var logits: [Float]
        var teacher: [Float]
        var temperature: Float
        var loss: Double
        var gradient: [Double]
    }

    struct File: Decodable {
        var samples: Int
        var cases: [Case]
        var smoothed: [Smoothed]
        var distilled: [Distilled]
    }

    private static func file() throws -> File {
        try JSONDecoder().decode(
            File.self, from: Data(contentsOf: Fixture.directory.appending(path: "recipes.json")))
    }

    @Test(arguments: Kernels.available, 0..<7) func tenSteps(_ kernels: Kernels, _ index: Int) throws {
        let file = try Self.file()
        #expect(file.cases.count == 7)
        let one = file.cases[index]
        let fixture = try Fixture(Fixture.names[0])
        let network = try fixture.network()
        let trainer = try Trainer(
            network: network, preprocessing: Preprocessing(size: fixture.size), recipe: one.recipe,
            state: TrainerState(weights: fixture.weights()), seed: fixture.seed, plannedSteps: 10, threads: 2,
            kernels: kernels)
        let losses = fixture.pictures().withExamples(fixture.labels) { examples in
            (0..<10).map { _ in trainer.step(examples, epoch: 1).meanLoss }
        }
        #expect(zip(losses, one.losses).allSatisfy { abs($0 - $1) <= one.lossAllowed * $1 }, "\(losses) \(one.losses)")

        let tensors = network.parameters.map { parameter in
            stride(
                from: parameter.offset, to: parameter.offset + parameter.count,
                by: (parameter.count + file.samples - 1) / file.samples)
        }
        let each = 2 * tensors.reduce(0) { $0 + Array($1).count }
        var truth = try Fixture.floats("recipes")[(index * each)..<(index + 1) * each]
        for (weights, allowed) in [(trainer.weights, one.allowed), (trainer.result, one.averageAllowed)] {
            for (place, tensor) in tensors.enumerated() {
                let own = tensor.map { weights.values[$0] }
                let (error, norm) = distance(own, truth.prefix(own.count))
                truth = truth.dropFirst(own.count)
                #expect(
                    error <= allowed[place] * norm,
                    "\(network.parameters[place].name): \(error / norm), allowed \(allowed[place])")
            }
        }
        #expect(truth.isEmpty && (trainer.result != trainer.weights) == (one.averageDecay > 0))
    }

    @Test func theSmoothedLossIsPyTorchs() throws {
        for one in try Self.file().smoothed {
            var gradient = [Float](repeating: 0, count: one.logits.count)
            let loss = sqz_softmax_loss(
                Int32(one.logits.count), one.logits, Int32(one.label), one.smoothing, 1, &gradient)
            // The smoothing is a float here.
            #expect(abs(loss - one.loss) < 1e-7 * one.loss)
            for (found, expected) in zip(gradient, one.gradient) { #expect(abs(Double(found) - expected) < 1e-7) }
            // And the slope of the loss itself.
            for place in one.logits.indices {
                let loss = [Float(0x1p-8), -0x1p-8].map { move in
                    var logits = one.logits
                    logits[place] += move
                    return sqz_softmax_loss(
                        Int32(logits.count), logits, Int32(one.label), one.smoothing, 0, nil)
                }
                #expect(abs((loss[0] - loss[1]) / 0x1p-7 - Double(gradient[place])) < 1e-5)
            }
        }
    }

    @Test func theTeachersLossIsPyTorchs() throws {
        let file = try Self.file()
        #expect(file.distilled.count == 4)
        for one in file.distilled {
            // It is added to what is there.
            var gradient = [Float](repeating: 0.5, count: one.logits.count)
            let loss = sqz_distillation_loss(
                Int32(one.logits.count), one.logits, one.teacher, one.temperature, 0.25, &gradient)
            #expect(abs(loss - one.loss) < 1e-12 * max(one.loss, 1))
            for (found, expected) in zip(gradient, one.gradient) {
                #expect(abs(Double(found) - 0.5 - expected / 4) < 1e-6)
            }
        }
        #expect(sqz_distillation_loss(2, [0, .nan], [0, 1], 4, 1, nil).isNaN)
        #expect(sqz_distillation_loss(2, [0, 1], [0, .infinity], 4, 1, nil).isNaN)
    }

    /// The schedule over so many steps as over ten: no step is full twice but where it is constant, none is beyond.
    @Test(arguments: Schedule.Shape.allCases) func aScheduleRisesAndFalls(_ shape: Schedule.Shape) throws {
        let file = try Self.file()
        for one in file.cases where one.shape == shape {
            let schedule = one.recipe.schedule
            for (step, rate) in one.rates.enumerated() {
                let found = schedule.factor(step: step + 1, of: 10) * Double(one.learningRate)
                #expect(abs(found - rate) < 1e-7 * rate, "step \(step + 1)")
            }
        }
        for steps in [1, 2, 3, 7, 1_000] {
            for warmUp in [Float(0), 0.1, 0.5, 0.99] {
                let factors = (1...steps).map { Schedule(shape, warmUp: warmUp).factor(step: $0, of: steps) }
                #expect(factors.allSatisfy { $0 > 0 && $0 <= 1 }, "\(steps) steps, warm-up \(warmUp): \(factors)")
            }
        }
    }
}
