import FoundationEssentials
import SqueezeNet
import Testing

/// The temperature of the least loss beside SciPy's, and networks whose logits are divided by it.
@Suite struct TemperatureTests {
    /// What `make_temperature.py` found.
    private struct Case: Decodable {
        var classes: Int
        /// In 64ths.
        var logits64: [Int]
        var labels: [Int]
        var temperature: Double
        var loss: Double
    }

    private static func loss(_ logits: [Float], _ labels: [Int], temperature: Double) -> Double {
        let classes = logits.count / labels.count
        var found = Evaluation()
        for (picture, label) in labels.enumerated() {
            let own = logits[picture * classes..<(picture + 1) * classes].map { Float(Double($0) / temperature) }
            found.add(logits: own[...], label: label)
        }
        return found.meanLoss
    }

    @Test func itIsWhereTheLossIsLeast() throws {
        let data = try Data(contentsOf: Fixture.directory.appending(path: "temperature.json"))
        let cases = try JSONDecoder().decode([Case].self, from: data)
        #expect(cases.count == 6)
        for one in cases {
            let logits = one.logits64.map { Float($0) / 64 }
            let found = try Temperature.fitted(to: logits, labels: one.labels)
            #expect(abs(found / one.temperature - 1) < 1e-6, "\(found), SciPy: \(one.temperature)")
            #expect(abs(Self.loss(logits, one.labels, temperature: found) - one.loss) < 1e-6)
            // Of what is calibrated it is 1.
            let calibrated = logits.map { $0 * Float(1 / found) }
            #expect(abs(try Temperature.fitted(to: calibrated, labels: one.labels) - 1) < 1e-6)
        }
    }

    /// Pictures of two classes: logits, labels, and what is said of them.
    @Test(
        arguments: [
            ([], [], "there are no pictures"),
            (
                [3, 1, 2, 5], [0, 1],
                "of these 2 pictures falls on where the temperature goes to 0.01, as it does where all are in their class"
            ),
            ([3, 1], [0], "of this one picture falls"),
            // So far apart that probabilities are 0 and 1.
            ([3e30, 1, 2, 5e30], [0, 1], "all are in their class"),
            ([3, 1, 2, 5], [1, 0], "say nothing of the classes"),
            ([2, 2, 7, 7], [0, 1], "all are in their class"), ([3, .nan], [0], "not finite"),
            ([3, .infinity], [0], "not finite"),
        ] as [([Float], [Int], String)]) func whereThereIsNoneItIsSaid(logits: [Float], labels: [Int], told: String)
    {
        let error = #expect(throws: EngineError.self) { try Temperature.fitted(to: logits, labels: labels) }
        #expect(error?.description.contains(told) == true, "\(String(describing: error))")
    }

    private static let pictures = Pictures(count: 9, size: 32)
    private static let runs = [
        QuantizedTests.Run(), .init(size: 26), .init(architecture: .squeezenet11, size: 67),
        .init(architecture: .squeezenet10, size: 64, padding: 1, normalization: .caffe),
    ]

    @Test(arguments: runs) func everyLogitIsDivided(_ run: QuantizedTests.Run) throws {
        let network = try run.network()
        func logits(_ weights: Weights) throws -> [Float] {
            let classifier = try Classifier(
                network: network, weights: weights, preprocessing: run.preprocessing(), threads: 2)
            return Self.pictures.withPictures { classifier.classify($0) }
        }
        let weights = try run.weights(network)
        let plain = try logits(weights)
        #expect(plain.contains { $0 > 0 })
        // A power of two is no rounding.
        #expect(try logits(weights.scalingLogits(network, by: 0.25)) == plain.map { $0 * 0.25 })
        let largest = plain.max() ?? 0
        for factor in [Float(1 / 1.37), 40] {
            let scaled = try logits(weights.scalingLogits(network, by: factor))
            #expect(zip(scaled, plain).allSatisfy { abs($0 - $1 * factor) <= 1e-6 * largest * factor })
        }
        // All but the classifier is what it was.
        let changed = zip(weights.values, weights.scalingLogits(network, by: 3).values).enumerated()
            .filter { $0.element.0 != $0.element.1 }.map(\.offset)
        let classifier = network.parameters[network.parameters.count - 2].offset
        #expect(changed.allSatisfy { $0 >= classifier } && changed.first == classifier)
    }

    @Test(arguments: runs) func soIsEveryOneOfEightBits(_ run: QuantizedTests.Run) throws {
        let network = try run.network()
        func logits(_ weights: QuantizedWeights) throws -> [Float] {
            let classifier = try Classifier(
                network: network, weights: weights, preprocessing: run.preprocessing(), threads: 2)
            return Self.pictures.withPictures { classifier.classify($0) }
        }
        let weights = try run.quantized()
        let plain = try logits(weights)
        #expect(plain.contains { $0 > 0 })
        #expect(try logits(weights.scalingLogits(network, by: 0.25)) == plain.map { $0 * 0.25 })
        let scaled = try logits(weights.scalingLogits(network, by: 1 / 1.37))
        #expect(zip(scaled, plain).allSatisfy { abs($0 - $1 / 1.37) <= 3e-7 * abs($1) })
    }
}
