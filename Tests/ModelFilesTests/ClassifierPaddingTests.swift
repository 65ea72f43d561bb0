import Foundation
import ModelFiles
import SqueezeNet
import TestSupport
import Testing

/// Caffe's padding before the classifier, against NumPy, which convolves a border of zeros.
@Suite(.enabled(if: Oracle.python != nil, "needs SQZ_PYTHON, with safetensors"))
struct ClassifierPaddingTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func picture(side: Int) -> [UInt8] {
        (0..<3 * side * side).map {
            UInt8(truncatingIfNeeded: ($0 % side * 7) ^ ($0 / side * 5) &+ $0 / (side * side) * 60)
        }
    }

    /// How far logits are from NumPy's, as a part of the largest.
    private func error(of model: ModelFile, side: Int, _ kernels: Kernels) throws -> Double {
        try model.withSelfTest(threads: 2).write(to: scratch["m"])
        let read = try ModelFile(path: scratch["m"])
        #expect(read.network == model.network)
        let logits = try picture(side: side).withUnsafeBytes { planes in
            let picture = Picture(planes: planes, width: side, height: side)
            let input = read.preprocessing.input(of: picture)
            try scratch.write("input", input.withUnsafeBytes { [UInt8]($0) })
            return try read.classifier(threads: 2, kernels: kernels).classify([picture])
        }
        try Oracle.run(
            try #require(Oracle.python),
            [Oracle.fixture("models/convolve.py"), scratch["m"], scratch["input"], scratch["logits"]])
        let right = try scratch.read("logits").withUnsafeBytes { [Double]($0.bindMemory(to: Double.self)) }
        try #require(logits.count == right.count)
        let largest = try #require(right.max())
        #expect(largest > 0)
        return zip(logits, right).reduce(0) { max($0, abs(Double($1.0) - $1.1)) } / largest
    }

    @Test(arguments: Kernels.available, [0, 1, 3]) func logitsAreNumPys(_ kernels: Kernels, _ padding: Int) throws {
        let network = try Network(.squeezenetCIFAR, classes: 7, inputSize: 24, classifierPadding: padding)
        var values = Weights(glorotUniformFor: network, seed: 3).values
        let bias = try #require(network.parameters.last)
        for index in 0..<bias.count { values[bias.offset + index] = Float(index - 3) / 4 }
        let model = ModelFile(
            network: network, preprocessing: try Preprocessing(size: 24), recipe: nil,
            classes: (0..<7).map { "class \($0)" }, weights: try Weights(network, values: values))
        #expect(try error(of: model, side: 24, kernels) < 1e-5)
    }

    /// The paper's own weights.
    @Test(.enabled(if: Oracle.shared != nil, "needs ../shared/data"))
    func thePapersFileAnswersAsCaffeConvolves() throws {
        let shared = try #require(Oracle.shared)
        let model = try ImportedModel(path: shared + "/data/squeezenet-v1.0-deep-compression.net").model
        #expect(model.network.classifierPadding == 1)
        #expect(try error(of: model, side: 256, .selected) < 1e-4)
    }
}
