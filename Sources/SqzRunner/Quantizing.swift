internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// A quantization job: a model of eight bits of one in single precision, and what both come to. It needs no checkpoint: one that is
/// stopped begins anew and comes to the same.
struct Quantizing {
    private let options: QuantizeOptions
    private let model: ModelFile
    private let dataset: MappedDataset
    private let measured: Measured
    /// Those that the model was trained on, as far as its file says it.
    private let trained: [Int]
    private var generation: History.Generation
    private let directory: String
    private let inbox: Inbox
    private let replies: RunReplies

    /// Pictures between two looks at whether to stop.
    private static let chunk = 500

    init(
        _ run: RunnerInterface.Run.Parameters, options: QuantizeOptions, dataset path: String, kind: JobKind,
        inbox: Inbox, replies: RunReplies
    ) throws {
        guard let base = run.model else {
            throw SqzError.invalidOption(
                option: "base", reason: "is needed: the model of which one of eight bits is made")
        }
        model = try ModelFile(path: base)
        guard model.bits == 32 else {
            throw SqzError.invalidOption(option: "base", reason: "is a model of eight bits already")
        }
        // So that a network that can't be is refused before anything is computed.
        _ = try model.network.activations
        dataset = try MappedDataset(ofJob: path)
        if let mismatch = JobKind.mismatch(of: dataset.classes, with: model.classes) {
            throw SqzError.badData(file: "data set", reason: mismatch)
        }
        measured = try Measured(validating: dataset, by: model.training)
        trained = Measured.trained(of: dataset.train, by: model.training)
        self.options = options
        directory = run.directory
        self.inbox = inbox
        self.replies = replies
        generation = History.Generation(version: Version.current)
        generation.dataset = run.datasetName
        generation.datasetSha256 = run.datasetSha256
        generation.pictures = min(options.pictures, trained.count)
        generation.validated = measured.places.count
        generation.options = [.init(name: "calibration", value: options.calibration.rawValue)]
        generation.base = run.modelName
        generation.baseWeightsSha256 = model.weightsSha256
        generation.bits = options.bits
    }

    /// nil if it was asked to stop.
    func run() throws -> RunResult? {
        let plain = try model.classifier(threads: options.threads)
        let quantized = try quantized()
        guard let before = try measure(plain, epoch: 1),
            let after = try measure(try quantized.classifier(threads: options.threads), epoch: 2)
        else { return nil }
        return try write(quantized, before, after)
    }

    private func quantized() throws -> ModelFile {
        let weights = model.weights
        let calibration = try Calibration(
            network: model.network, weights: weights, preprocessing: model.preprocessing, threads: options.threads)
        let count = min(options.pictures, trained.count)
        let pictures = (0..<count).map { Picture(trained[$0 * trained.count / count], of: dataset.train) }
        let steps = calibration.steps(of: pictures, by: options.calibration)
        let parameters = try QuantizedWeights(quantizing: weights, of: model.network, steps: steps)
        return ModelFile(
            network: model.network, preprocessing: model.preprocessing, recipe: model.recipe, classes: model.classes,
            parameters: .int8(parameters), training: model.training)
    }

    private struct Found {
        var sums = Evaluation()
        var measuring: Measuring
    }

    /// nil if it was asked to stop.
    private func measure(_ classifier: Classifier, epoch: Int) throws -> Found? {
        var found = Found(measuring: Measuring(classes: model.classes, listed: Limits.mistakesListed))
        let (count, classes) = (measured.places.count, model.classes.count)
        var meter = Meter(epochs: 2, steps: count, perEpoch: count)
        for start in stride(from: 0, to: count, by: Self.chunk) {
            if inbox.stopRequested { return nil }
            let places = measured.places[start..<min(start + Self.chunk, count)]
            let logits = classifier.classify(places.map { Picture($0, of: measured.split) })
            for (row, place) in places.enumerated() {
                let label = measured.split.label(place)
                let logits = logits[(row * classes)..<((row + 1) * classes)]
                found.sums.add(logits: logits, label: label)
                found.measuring.add(logits: logits, label: label, place: place)
            }
            guard meter.isDue(after: places.count) else { continue }
            var position = Checkpoint.Position(epoch: epoch)
            position.sums = found.sums
            position.step = places.endIndex
            try replies.progress(meter.progress(position))
        }
        return found
    }

    private func write(_ quantized: ModelFile, _ before: Found, _ after: Found) throws -> RunResult {
        var generation = generation
        generation.validationLoss = finite(after.sums.meanLoss)
        generation.validationAccuracy = after.sums.accuracy
        var model = quantized
        model.history = try History(generation, after: self.model.history)
        model = try model.withSelfTest(threads: options.threads)
        let file = "model.safetensors"
        try model.write(to: "\(directory)/\(file)")
        let made = MadeModel(file: file, model)
        return RunResult(
            images: measured.places.count, loss: finite(after.sums.meanLoss), accuracy: after.sums.accuracy,
            model: made, measured: measured.description, warning: made.warning, byClass: after.measuring.byClass,
            measurement: after.measuring.measurement(measured.name, of: measured.split),
            before: Figures(loss: finite(before.sums.meanLoss), accuracy: before.sums.accuracy))
    }
}
