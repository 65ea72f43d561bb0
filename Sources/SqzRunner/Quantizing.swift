internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// A quantization job: a model of eight bits of one in single precision, and what both come to.
struct Quantizing {
    private let options: QuantizeOptions
    private let remaking: Remaking
    /// Of those that the model was trained on, as far as its file says it.
    private let pictures: [Int]

    init(_ remaking: Remaking, _ options: QuantizeOptions) throws {
        guard remaking.model.bits == 32 else {
            throw SqzError.invalidOption(option: "base", reason: "is a model of eight bits already")
        }
        // So that a network that can't be is refused before anything is computed.
        _ = try remaking.model.network.activations
        let trained = Measured.trained(of: remaking.dataset.train, by: remaking.model.training)
        let count = min(options.pictures, trained.count)
        pictures = (0..<count).map { trained[$0 * trained.count / count] }
        self.options = options
        self.remaking = remaking
    }

    /// nil if it was asked to stop.
    func run() throws -> RunResult? {
        let quantized = try quantized()
        guard let before = try remaking.measure(remaking.model, epoch: 1),
            let after = try remaking.measure(quantized, epoch: 2)
        else { return nil }
        return try remaking.write(quantized, before, after) {
            $0.pictures = pictures.count
            $0.options = [.init(name: "calibration", value: options.calibration.rawValue)]
            $0.bits = options.bits
        }
    }

    private func quantized() throws -> ModelFile {
        var model = remaking.model
        let weights = model.weights
        let calibration = try Calibration(
            network: model.network, weights: weights, preprocessing: model.preprocessing, threads: options.threads)
        let steps = calibration.steps(
            of: pictures.map { Picture($0, of: remaking.dataset.train) }, by: options.calibration)
        model.parameters = .int8(try QuantizedWeights(quantizing: weights, of: model.network, steps: steps))
        model.selfTest = nil
        return model
    }
}
