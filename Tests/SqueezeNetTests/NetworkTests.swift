import CSqueezeKernels
import SqueezeNet
import Testing

@Suite struct NetworkTests {
    /// torchvision's counts, and the tutorial's.
    @Test(arguments: [
        (Architecture.squeezenetCIFAR, 10, 32, 146_570), (.squeezenet10, 1_000, 224, 1_248_424),
        (.squeezenet11, 1_000, 224, 1_235_496), (.squeezenet10, 10, 224, 740_554), (.squeezenet11, 10, 224, 727_626),
    ]) func parameterCounts(_ architecture: Architecture, _ classes: Int, _ size: Int, _ count: Int) throws {
        let network = try Network(architecture, classes: classes, inputSize: size)
        #expect(network.parameterCount == count)
        #expect(network.parameters.reduce(0) { $0 + $1.count } == count)
        #expect(network.parameters.last.map { $0.offset + $0.count } == count)
    }

    @Test func layersOfTheTutorial() throws {
        let network = try Network(.squeezenetCIFAR, classes: 10, inputSize: 32)
        #expect(network.layers[0].name == "features.0")
        #expect(network.layers[0].parameterCount == 3 * 3 * 3 * 64 + 64)
        #expect(network.layers[0].multiplyAdds == 27 * 64 * 32 * 32)
        #expect(network.layers[1].kind == .maxPool)
        #expect(network.layers[1].output == .init(channels: 64, height: 16, width: 16))
        #expect(network.parameters[2].name == "features.3.squeeze.weight")
        #expect(network.parameters[2].shape == [32, 64, 1, 1])
        #expect(network.parameters.last?.name == "classifier.1.bias")
        #expect(network.layers.last?.output == .init(channels: 10, height: 1, width: 1))
    }

    @Test func bypassesAddWhatThePaperDraws() throws {
        for architecture in Architecture.allCases {
            let plain = try Network(architecture, classes: 10, inputSize: 128)
            let simple = try Network(architecture, bypass: .simple, classes: 10, inputSize: 128)
            let complex = try Network(architecture, bypass: .complex, classes: 10, inputSize: 128)
            #expect(simple.parameterCount == plain.parameterCount)
            #expect(complex.parameterCount > plain.parameterCount)
            // Every second fire module has as many inputs as outputs.
            let fires = plain.layers.count { $0.name.hasSuffix("squeeze") }
            #expect(simple.layers.count { $0.kind == .add } == fires / 2)
            #expect(complex.layers.count { $0.kind == .add } == fires)
        }
    }

    @Test(arguments: Architecture.allCases) func smallestInput(_ architecture: Architecture) throws {
        var smallest = 1
        while (try? Network(architecture, classes: 10, inputSize: smallest)) == nil { smallest += 1 }
        #expect(smallest > 1)
        do {
            _ = try Network(architecture, classes: 10, inputSize: smallest - 1)
            Issue.record("accepted")
        } catch {
            #expect(error == .inputTooSmall(architecture, size: smallest - 1, smallest: smallest))
            #expect(error.description.contains("the smallest that works is \(smallest)x\(smallest)"))
        }
        for size in [0, -1, Int.min, Network.largestInput + 1, .max] {
            #expect(throws: EngineError.self) { try Network(architecture, classes: 10, inputSize: size) }
        }
        for classes in [1, 0, -3, Network.allowedClasses.upperBound + 1] {
            #expect(throws: EngineError.self) { try Network(architecture, classes: classes, inputSize: 64) }
        }
    }

    @Test func refusesWhatDoesNotFit() throws {
        let network = try Network(.squeezenetCIFAR, classes: 10, inputSize: 32)
        let weights = Weights(glorotUniformFor: network, seed: 1)
        #expect(throws: EngineError.valueCount(3, expected: 146_570)) { try Weights(network, values: [1, 2, 3]) }
        let other = try Network(.squeezenetCIFAR, classes: 11, inputSize: 32)
        let preprocessing = try Preprocessing(size: 32)
        #expect(throws: EngineError.self) {
            try Classifier(network: other, weights: weights, preprocessing: preprocessing, threads: 1)
        }
        #expect(throws: EngineError.self) {
            try Classifier(network: network, weights: weights, preprocessing: Preprocessing(size: 24), threads: 1)
        }
        #expect(throws: EngineError.threads(0, allowed: 1...32)) {
            try Classifier(network: network, weights: weights, preprocessing: preprocessing, threads: 0)
        }
        func train(_ recipe: Recipe, _ state: TrainerState) throws {
            _ = try Trainer(
                network: network, preprocessing: preprocessing, recipe: recipe, state: state, seed: 1, threads: 1)
        }
        var recipe = Recipe.tutorial
        recipe.learningRate = .nan
        #expect(throws: EngineError.self) { try train(recipe, TrainerState(weights: weights)) }
        recipe = .tutorial
        recipe.optimizer = .adam(beta1: 1, beta2: 0.9, epsilon: 1)
        #expect(throws: EngineError.self) { try train(recipe, TrainerState(weights: weights)) }
        // Another optimizer's, or none after the first step.
        for slots in [[:], ["firstMoment": weights], ["firstMoment": weights, "velocity": weights]] {
            #expect(throws: EngineError.self) {
                try train(.tutorial, TrainerState(weights: weights, slots: slots, steps: 1))
            }
        }
    }

    /// Random123's known answers for Philox4x32-10.
    @Test func philoxKnownAnswers() {
        func philox(_ key: UInt64, _ counter: UInt32) -> [UInt32] {
            var words = [UInt32](repeating: 0, count: 4)
            sqz_philox(key, [counter, counter, counter, counter], &words)
            return words
        }
        #expect(philox(0, 0) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        #expect(philox(.max, .max) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    }

    /// TensorFlow's limit, met but not passed, and a mean near zero.
    @Test func glorotUniform() throws {
        let network = try Network(.squeezenetCIFAR, classes: 10, inputSize: 32)
        let weights = Weights(glorotUniformFor: network, seed: 3)
        for parameter in network.parameters {
            let values = weights.values[parameter.offset..<parameter.offset + parameter.count]
            guard parameter.shape.count == 4 else {
                #expect(values.allSatisfy { $0 == 0 })
                continue
            }
            let window = parameter.shape[2] * parameter.shape[3]
            let limit = (6 / Float(window * (parameter.shape[0] + parameter.shape[1]))).squareRoot()
            let largest = values.map(abs).max()!
            #expect(largest <= limit && largest > 0.98 * limit)
            // Six standard deviations of the mean of n uniform values.
            #expect(abs(values.reduce(0, +)) < 6 * limit * (Float(values.count) / 3).squareRoot())
        }
    }
}
