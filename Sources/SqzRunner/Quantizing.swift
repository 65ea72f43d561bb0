internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// A quantization job: a model of eight bits of one in single precision, and what both come to.
struct Quantizing {
    private let options: QuantizeOptions
    private let remaking: Remaking
    private let pictures: [Picture]
    private static let learningRate: Float = 3e-4

    init(_ remaking: Remaking, _ options: QuantizeOptions) throws {
        guard remaking.model.bits == 32 else {
            throw SqzError.invalidOption(option: "base", reason: "is a model of \(remaking.model.bits) bits already")
        }
        pictures = remaking.calibrationPictures(options.pictures)
        self.options = options
        self.remaking = remaking
    }

    /// nil if it was asked to stop.
    func run() throws -> RunResult? {
        guard let quantized = try quantized() else { return nil }
        let all = options.epochs + 2
        guard let before = try remaking.measure(remaking.model, epoch: all - 1, of: all),
            let after = try remaking.measure(quantized, epoch: all, of: all)
        else { return nil }
        return try remaking.write(quantized, before, after) {
            $0.pictures = pictures.count
            $0.options = [.init(name: "calibration", value: options.calibration.rawValue)]
            $0.bits = options.bits
            if options.epochs > 0 { $0.epochs = options.epochs }
        }
    }

    /// nil if it was asked to stop.
    private func quantized() throws -> ModelFile? {
        var model = remaking.model
        let network = model.network
        var weights = model.weights
        // Of fewer bits, weights lose more than activations, and it is these that gain.
        if options.bits == QuantizedWeights.allowedBits.upperBound {
            weights = try remaking.calibration(of: weights).equalized(weights, by: pictures)
        }
        // Those of the model's own weights, which then learn to be multiples of them.
        let scales = QuantizedWeights.scales(for: weights, of: network, bits: options.bits)
        if options.epochs > 0 {
            let finetuning = try Finetuning(
                remaking, phase: "finetune", epochs: 0..<options.epochs, of: options.epochs + 2,
                learningRate: Self.learningRate)
            let learnt = try finetuning.learn(from: weights) { _ in .rounded(scales: scales, bits: options.bits) }
            guard let learnt else { return nil }
            weights = learnt
        }
        let calibration = try remaking.calibration(of: weights)
        let steps = calibration.steps(of: pictures, by: options.calibration)
        // Weights that have learnt to be rounded are best rounded to the nearest.
        let compensations = options.epochs > 0 ? nil : calibration.compensations(of: pictures, steps: steps)
        model.parameters = .int8(
            try QuantizedWeights(
                quantizing: weights, of: network, bits: options.bits, steps: steps, scales: scales,
                compensations: compensations))
        model.selfTest = nil
        return model
    }
}
