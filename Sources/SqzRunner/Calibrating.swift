internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// A calibration job: of a model the same with its logits divided by a temperature, and what both come to.
struct Calibrating {
    private let remaking: Remaking

    init(_ remaking: Remaking) throws {
        guard !remaking.measured.wereLearnt else {
            throw SqzError.invalidOption(
                option: "split",
                reason: "the model learnt these pictures and is surer of them than of others; right would be validation"
            )
        }
        self.remaking = remaking
    }

    /// nil if it was asked to stop.
    func run() throws -> RunResult? {
        let count = remaking.measured.places.count
        let taken = min(count, Temperature.mostLogits / remaking.model.classes.count)
        var (logits, labels): ([Float], [Int]) = ([], [])
        var next = 0
        let before = try remaking.measure(remaking.model, epoch: 1) {
            next += taken
            guard next >= count else { return }
            next -= count
            logits += $0
            labels.append($1)
        }
        guard let before else { return nil }
        let temperature = try Temperature.fitted(to: logits, labels: labels)
        var calibrated = remaking.model
        try calibrated.scaleLogits(by: Float(1 / temperature))
        guard let after = try remaking.measure(calibrated, epoch: 2) else { return nil }
        return try remaking.write(calibrated, before, after) {
            $0.pictures = taken
            $0.temperature = temperature
        }
    }
}
