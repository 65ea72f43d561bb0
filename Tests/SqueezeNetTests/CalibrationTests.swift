import SqueezeNet
import Testing

/// What eight bits lose, and what is done for it by pictures.
@Suite struct CalibrationTests {
    typealias Run = QuantizedTests.Run

    /// What rounding does to a filter's sums is made up for by its other weights, on pictures that calibration has not seen too; as much as
    /// ever by any number of threads.
    @Test(arguments: QuantizedTests.runs, [4, 8]) func roundingIsMadeUpFor(_ run: Run, bits: Int) throws {
        let (network, preprocessing) = (try run.network(), try run.preprocessing())
        let weights = try run.weights(network)
        let steps = try run.quantized().steps
        let seen = 30
        let compensations = try [1, 3].map { threads in
            let calibration = try Calibration(
                network: network, weights: weights, preprocessing: preprocessing, threads: threads)
            return QuantizedTests.pictures.withPictures {
                calibration.compensations(of: Array($0[..<seen]), steps: steps)
            }
        }
        #expect(compensations[0] == compensations[1] && compensations[0].allSatisfy { $0 != nil })
        let single = try Classifier(network: network, weights: weights, preprocessing: preprocessing, threads: 2)
        func error(_ compensations: [Compensation?]?) throws -> Double {
            let quantized = try QuantizedWeights(
                quantizing: weights, of: network, bits: bits, steps: steps, compensations: compensations)
            return try QuantizedTests.pictures.withPictures {
                try Classifier(network: network, weights: quantized, preprocessing: preprocessing, threads: 2)
                    .error(beside: single, of: Array($0[seen...]))
            }
        }
        let (nearest, best) = (try error(nil), try error(compensations[0]))
        // Of eight bits' error more is of activations, whose steps are twice as large where they are below zero too.
        let share = run.bypass == .complex && bits == 8 ? 0.75 : 0.5
        #expect(best < nearest * share, "\(best) and \(nearest)")
    }

    /// A channel of a squeezed map that is much larger than the others, and whose readers take it back, costs these no step: the network
    /// computes the same in single precision, and in eight bits nearly what it does without.
    @Test(arguments: [Run(), Run(architecture: .squeezenet11, bypass: .simple, size: 67)])
    func channelsThatShareAStepAreMadeAlike(_ run: Run) throws {
        let (network, preprocessing) = (try run.network(), try run.preprocessing())
        let weights = try run.weights(network)
        var values = weights.values
        for parameter in network.parameters where parameter.name.contains("squeeze") {
            for place in 0..<parameter.count / parameter.shape[0] { values[parameter.offset + place] *= 256 }
        }
        for parameter in network.parameters where parameter.name.contains("expand") && parameter.shape.count == 4 {
            let taps = parameter.shape[2] * parameter.shape[3]
            for place in 0..<parameter.count where place / taps % parameter.shape[1] == 0 {
                values[parameter.offset + place] /= 256
            }
        }
        let unlike = try Weights(network, values: values)
        func calibration(_ weights: Weights) throws -> Calibration {
            try Calibration(network: network, weights: weights, preprocessing: preprocessing, threads: 2)
        }
        func single(_ weights: Weights) throws -> Classifier {
            try Classifier(network: network, weights: weights, preprocessing: preprocessing, threads: 2)
        }
        let right = try single(weights)
        try QuantizedTests.pictures.withPictures { pictures in
            func error(_ weights: Weights) throws -> Double {
                let calibration = try calibration(weights)
                let steps = calibration.steps(of: pictures, by: .error)
                let quantized = try QuantizedWeights(
                    quantizing: weights, of: network, steps: steps,
                    compensations: calibration.compensations(of: pictures, steps: steps))
                return try Classifier(network: network, weights: quantized, preprocessing: preprocessing, threads: 2)
                    .error(beside: right, of: pictures)
            }
            let alike = try calibration(unlike).equalized(unlike, by: pictures)
            let size = right.classify(pictures).reduce(0) { $0 + Double($1 * $1) }
            #expect(try single(alike).error(beside: right, of: pictures) < 1e-10 * size)
            let (before, after) = (try error(unlike), try error(alike))
            #expect(after < before / 4, "\(after) and \(before)")
        }
    }

    @Test func rulesKeepLessAndLess() throws {
        let steps = try Calibration.Rule.allCases.map { try Run().quantized(by: $0).steps }
        #expect(
            zip(steps[0], steps[1]).allSatisfy { $0.size >= $1.size } && steps[0] != steps[1] && steps[0] != steps[2])
        #expect(steps[0].count == (try Run().network().activations.count))
    }
}

extension Classifier {
    /// The squared error of its logits beside another's.
    func error(beside other: Classifier, of pictures: [Picture]) -> Double {
        zip(classify(pictures), other.classify(pictures)).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    }
}
