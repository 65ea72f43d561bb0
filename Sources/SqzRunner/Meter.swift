internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// Measures how fast a job goes, and makes its progress of it.
struct Meter {
    private let epochs: Int
    private let steps: Int
    /// Pictures in an epoch.
    private let perEpoch: Int
    private var lastReport = ContinuousClock.now
    private var pictures = 0
    private var rate: Double?

    /// Progress is for eyes: four times a second is enough.
    private static let interval = Duration.milliseconds(250)

    init(epochs: Int, steps: Int, perEpoch: Int) {
        self.epochs = epochs
        self.steps = steps
        self.perEpoch = perEpoch
    }

    /// Counts pictures; tells whether it is time to report.
    mutating func isDue(after count: Int) -> Bool {
        pictures += count
        let elapsed = ContinuousClock.now - lastReport
        guard elapsed >= Self.interval else { return false }
        let now = Double(pictures) / (elapsed / .seconds(1))
        // Smoothed, so that the time left does not jump.
        rate = rate.map { 0.8 * $0 + 0.2 * now } ?? now
        pictures = 0
        lastReport = .now
        return true
    }

    /// - Parameter ended: the last epoch that did.
    func progress(_ position: Checkpoint.Position, _ ended: Checkpoint.EndedEpoch? = nil) -> Progress {
        let evaluation = ended?.validation
        let left = (epochs - position.epoch + 1) * perEpoch - position.count
        return Progress(
            epoch: position.epoch, epochs: epochs, step: position.step, steps: steps,
            loss: position.count > 0 ? finite(position.lossSum / Double(position.count)) : nil,
            accuracy: position.count > 0 ? Double(position.correct) / Double(position.count) : nil,
            validationLoss: evaluation.flatMap { finite($0.meanLoss) }, validationAccuracy: evaluation?.accuracy,
            imagesPerSecond: rate, secondsLeft: rate.map { Double(left) / $0 },
            warning: ended?.isNoBetterThanChance == true ? Chance.warning : nil)
    }
}
