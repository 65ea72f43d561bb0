import SqueezeNet
import Testing

/// Networks of eight bits: the same logits by any kernels and threads, and those of single precision but for the rounding.
@Suite struct QuantizedTests {
    static let pictures = DeterminismTests.pictures

    struct Run: Sendable, CustomTestStringConvertible {
        var architecture = Architecture.squeezenetCIFAR
        var bypass = Bypass.none
        var size = 32
        var padding = 0
        var normalization = Normalization.perImage

        var testDescription: String { "\(architecture.rawValue), bypass \(bypass.rawValue), \(size), \(padding)" }

        func network() throws -> Network {
            try Network(
                architecture, bypass: bypass, classes: 10, inputSize: size, classifierPadding: padding)
        }

        func preprocessing() throws -> Preprocessing {
            try Preprocessing(size: size, channels: padding > 0 ? .bgr : .rgb, normalization: normalization)
        }

        /// With biases, so that they show.
        func weights(_ network: Network) throws -> Weights {
            var values = Weights(glorotUniformFor: network, seed: 4).values
            for (index, parameter) in network.parameters.enumerated() where parameter.shape.count == 1 {
                for place in 0..<parameter.count {
                    values[parameter.offset + place] = 0.05 * Float((index + 7 * place) % 9 - 3)
                }
            }
            return try Weights(network, values: values)
        }

        func quantized(by rule: Calibration.Rule = .maximum) throws -> QuantizedWeights {
            let network = try network()
            let weights = try weights(network)
            let calibration = try Calibration(
                network: network, weights: weights, preprocessing: preprocessing(), threads: 2)
            let steps = QuantizedTests.pictures.withPictures { calibration.steps(of: $0, by: rule) }
            return try QuantizedWeights(quantizing: weights, of: network, steps: steps)
        }
    }

    /// 26 and 67: maps of 13, 6, 33 and 31, whose pools and tiles end within a window. 45 pictures are padded by zeros to 67.
    static let runs = [
        Run(), Run(bypass: .simple), Run(size: 26), Run(size: 24, normalization: .imageNet),
        Run(architecture: .squeezenet10, size: 67), Run(architecture: .squeezenet10, bypass: .simple, size: 35),
        Run(architecture: .squeezenet11, size: 67),
        Run(architecture: .squeezenet10, size: 64, padding: 1, normalization: .caffe), Run(bypass: .complex),
        Run(architecture: .squeezenet11, bypass: .complex, size: 67),
        Run(architecture: .squeezenet10, bypass: .complex, size: 64, padding: 1, normalization: .caffe),
    ]

    @Test(arguments: runs) func sameLogitsOfAllKernelsAndThreads(_ run: Run) throws {
        let (network, weights) = (try run.network(), try run.quantized())
        let count = run.size > 40 ? 4 : 19
        var truth: [Float]?
        for kernels in Kernels.available {
            for threads in kernels.name == "scalar" ? [1] : [1, 2, 3, 8] {
                let classifier = try Classifier(
                    network: network, weights: weights, preprocessing: run.preprocessing(), threads: threads,
                    kernels: kernels)
                #expect(classifier.isQuantized)
                let found = Self.pictures.withPictures {
                    classifier.classify(Array($0[..<count])) + classifier.classify([$0[2]])
                        + classifier.classify([$0[3]], mirrored: true)
                }
                #expect(found[20..<30] == found[(10 * count)..<(10 * count + 10)])
                #expect(found == truth ?? found, "\(kernels) with \(threads) threads")
                truth = found
            }
        }
        #expect(Set(try #require(truth)).count > 10)
    }

    /// Eight bits lose a hundredth or two; a wrong layer would lose all.
    @Test(arguments: runs) func nearSinglePrecision(_ run: Run) throws {
        let network = try run.network()
        let plain = try Classifier(
            network: network, weights: run.weights(network), preprocessing: run.preprocessing(), threads: 2)
        let quantized = try Classifier(
            network: network, weights: run.quantized(), preprocessing: run.preprocessing(), threads: 2)
        let (truth, found) = Self.pictures.withPictures { (plain.classify($0), quantized.classify($0)) }
        let error = zip(truth, found).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        let norm = truth.reduce(0) { $0 + Double($1 * $1) }
        #expect((error / norm).squareRoot() < 0.05)
    }

    /// The numbers that eight bits stand for come to the same eight bits.
    @Test(arguments: [Bypass.simple, .complex]) func quantizesItsOwnNumbersUnchanged(bypass: Bypass) throws {
        let run = Run(bypass: bypass)
        let (network, weights) = (try run.network(), try run.quantized())
        let again = try QuantizedWeights(quantizing: weights.weights(of: network), of: network, steps: weights.steps)
        #expect(again.values == weights.values && again.biases == weights.biases)
    }

    @Test(arguments: [4, 6]) func fewerBitsAreNearestInTheMean(bits: Int) throws {
        let network = try Run().network()
        let (weights, steps) = (try Run().weights(network), try Run().quantized().steps)
        let few = try QuantizedWeights(quantizing: weights, of: network, bits: bits, steps: steps)
        var first = 0
        for (place, layer) in QuantizedWeights.layerBits(of: network, bits).enumerated() {
            let largest = few.values[first..<first + layer.count].reduce(0) { max($0, abs(Int($1))) }
            let isLast = first + layer.count == few.values.count
            // The last layer's are held smaller, so that pairs are.
            #expect(layer.bits == (place == 0 || isLast ? 8 : bits), "layer \(place)")
            #expect(isLast ? (64...127).contains(largest) : largest == 1 << (layer.bits - 1) - 1, "layer \(place)")
            first += layer.count
        }
        // Better than whole steps of the largest weight would be.
        func error(_ found: [Float]) -> Double {
            zip(found, weights.values).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        }
        let plain = network.parameters.reduce(into: weights.values) { values, parameter in
            guard parameter.shape.count == 4 else { return }
            let count = parameter.count / parameter.shape[0]
            for start in stride(from: parameter.offset, to: parameter.offset + parameter.count, by: count) {
                let own = weights.values[start..<start + count]
                let step = own.reduce(0) { max($0, abs($1)) } / Float(1 << (bits - 1) - 1)
                for place in start..<start + count where step > 0 {
                    values[place] = (values[place] / step).rounded() * step
                }
            }
        }
        #expect(error(few.weights(of: network).values) < error(plain))
        #expect(throws: EngineError.self) {
            try QuantizedWeights(
                network, bits: bits, values: Run().quantized().values, scales: few.scales, biases: few.biases,
                steps: steps)
        }
    }

    /// A filter without weights, a network that is dead, and a bias that is far beyond its filter's sums.
    @Test(arguments: [Bypass.none, .complex]) func degenerateFiltersAreComputed(bypass: Bypass) throws {
        let network = try Run(bypass: bypass).network()
        var values = try Run(bypass: bypass).weights(network).values
        for parameter in network.parameters where parameter.name.hasPrefix("features.3.") {
            values.replaceSubrange(
                parameter.offset..<parameter.offset + parameter.count, with: repeatElement(0, count: parameter.count))
        }
        values[network.parameters.last!.offset] = 1e6
        let weights = try Weights(network, values: values)
        let preprocessing = try Run().preprocessing()
        func calibration(_ weights: Weights) throws -> Calibration {
            try Calibration(network: network, weights: weights, preprocessing: preprocessing, threads: 1)
        }
        let logits = try Self.pictures.withPictures { pictures in
            let alike = try calibration(weights).equalized(weights, by: pictures)
            let calibration = try calibration(alike)
            let steps = calibration.steps(of: pictures, by: .error)
            let quantized = try QuantizedWeights(
                quantizing: alike, of: network, steps: steps,
                compensations: calibration.compensations(of: pictures, steps: steps))
            return try Classifier(network: network, weights: quantized, preprocessing: preprocessing, threads: 1)
                .classify(pictures)
        }
        #expect(abs(logits[0] - 1e6) < 1 && logits.allSatisfy(\.isFinite))
    }

    @Test func refusesWhatIsNone() throws {
        let network = try Run().network()
        let good = try Run().quantized()
        func made(
            values: [Int8]? = nil, scales: [Float]? = nil, biases: [Int32]? = nil, steps: [ActivationStep]? = nil
        ) -> EngineError? {
            do throws(EngineError) {
                _ = try QuantizedWeights(
                    network, values: values ?? good.values, scales: scales ?? good.scales,
                    biases: biases ?? good.biases, steps: steps ?? good.steps)
                return nil
            } catch { return error }
        }
        func changed<Value>(_ array: [Value], _ value: Value) -> [Value] { array.dropLast() + [value] }
        #expect(made() == nil)
        #expect(made(values: good.values.dropLast(2) + [127, 1]) == nil)
        #expect(made(values: good.values.dropLast(2) + [127, -127]) == nil)
        #expect(made(values: good.values.dropLast(2) + [-127, -2]) != nil)
        #expect(made(values: good.values.dropLast()) != nil && made(values: changed(good.values, -128)) != nil)
        for bad in [Float.nan, .infinity, 0, -1, 1e30] {
            #expect(made(scales: changed(good.scales, bad)) != nil)
            #expect(made(steps: changed(good.steps, ActivationStep(size: bad))) != nil)
        }
        let most = Int32(QuantizedWeights.largestBias)
        #expect(made(biases: changed(good.biases, most)) == nil && made(biases: changed(good.biases, -most - 1)) != nil)
        #expect(
            made(steps: good.steps + [ActivationStep(size: 1)]) != nil && made(biases: []) != nil
                && made(scales: []) != nil)
    }

    @Test func saysWhichActivationIsTooLarge() throws {
        let run = Run(bypass: .complex)
        let network = try run.network()
        var values = try run.weights(network).values
        let bias = try #require(network.parameters.first { $0.name == "features.6.bypass.bias" })
        values[bias.offset] = 5e36
        let weights = try Weights(network, values: values)
        let calibration = try Calibration(
            network: network, weights: weights, preprocessing: run.preprocessing(), threads: 1)
        let steps = Self.pictures.withPictures { calibration.steps(of: $0, by: .error) }
        let error = #expect(throws: EngineError.self) {
            try QuantizedWeights(quantizing: weights, of: network, steps: steps)
        }
        #expect(error?.description.contains("the step of features.6.bypass is") == true, "\(error?.description ?? "")")
    }

    /// What stands for zero where values are below it.
    @Test func refusesZerosThatCantBe() throws {
        let run = Run(bypass: .complex)
        let (network, good) = (try run.network(), try run.quantized())
        func told(
            _ name: String, activationBits: QuantizedWeights.ActivationBits = .eight,
            _ change: (inout ActivationStep) -> Void
        ) throws -> String {
            var steps = good.steps
            change(&steps[try #require(network.activations.firstIndex { $0.name == name })])
            do throws(EngineError) {
                _ = try QuantizedWeights(
                    network, activationBits: activationBits, values: good.values, scales: good.scales,
                    biases: good.biases, steps: steps)
                return ""
            } catch { return error.description }
        }
        let signed = network.activations.filter(\.isSigned).map(\.name)
        #expect(signed.first == "features.3.bypass" && signed.contains("features.4.add"))
        #expect(try told("features.3.bypass") { _ in } == "")
        #expect(try told("features.3.expand") { $0.zero = 1 }.contains("1 stands for zero of features.3.expand"))
        #expect(try told("features.3.bypass") { $0.zero = 0 }.contains("right would be 1 to 255"))
        #expect(try told("features.3.bypass", activationBits: .seven) { _ in }.contains("of seven bits can't be"))
        #expect(try told("features.3.add") { $0.size /= 200 }.contains("right would be at most 128.0 times"))
        for name in ["features.3.bypass", "features.3.add", "features.4.add"] {
            #expect(try told(name) { $0.size *= 1.01 }.contains(".add begins at -"), "\(name)")
        }
        // A hundred million times the step, of which the bypass' filters have no part left.
        var steps = good.steps
        for (place, activation) in network.activations.enumerated() where activation.isSigned {
            steps[place].size *= 1e8
        }
        let error = #expect(throws: EngineError.self) {
            try QuantizedWeights(
                network, values: good.values, scales: good.scales, biases: good.biases, steps: steps)
        }
        #expect(error?.description.contains("a scale of features.3.bypass is") == true)
    }
}
