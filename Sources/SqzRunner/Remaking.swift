internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// What jobs share that make another model of one, and measure both. What does not learn needs no checkpoint: one that is stopped begins
/// anew and comes to the same.
struct Remaking {
    let model: ModelFile
    let dataset: MappedDataset
    let measured: Measured
    let threads: Int
    private let generation: History.Generation
    let directory: String
    let inbox: Inbox
    let replies: RunReplies

    /// Pictures between two looks at whether to stop.
    private static let chunk = 500

    /// - Parameter measured: chooses the pictures on which both are measured.
    init(
        _ run: RunnerInterface.Run.Parameters, dataset path: String, threads: Int, inbox: Inbox, replies: RunReplies,
        measured: (MappedDataset, TrainingRecord?) throws -> Measured
    ) throws {
        guard let base = run.model else {
            throw SqzError.invalidOption(option: "base", reason: "is needed: the model of which another is made")
        }
        model = try ModelFile(path: base)
        dataset = try MappedDataset(ofJob: path)
        if let mismatch = JobKind.mismatch(of: dataset.classes, with: model.classes) {
            throw SqzError.badData(file: "data set", reason: mismatch)
        }
        self.measured = try measured(dataset, model.training)
        self.threads = threads
        directory = run.directory
        self.inbox = inbox
        self.replies = replies
        var generation = History.Generation(version: Version.current)
        generation.dataset = run.datasetName
        generation.datasetSha256 = run.datasetSha256
        generation.validated = self.measured.places.count
        generation.base = run.modelName
        generation.baseWeightsSha256 = model.weightsSha256
        self.generation = generation
    }

    /// Some of the pictures that the model was trained on, as far as its file says which: evenly spread.
    func calibrationPictures(_ most: Int) -> [Picture] {
        let trained = Measured.trained(of: dataset.train, by: model.training)
        let count = min(most, trained.count)
        return (0..<count).map { Picture(trained[$0 * trained.count / count], of: dataset.train) }
    }

    /// What finds an activation's steps where the model has other weights, or its own.
    func calibration(of weights: Weights) throws -> Calibration {
        try Calibration(
            network: model.network, weights: weights, preprocessing: model.preprocessing, threads: threads)
    }

    struct Found {
        var sums = Evaluation()
        var measuring: Measuring
    }

    /// nil if it was asked to stop.
    /// - Parameters:
    ///   - epoch: which of the job's `epochs`, the last two of which measure: the model, then what is made of it.
    ///   - each: gets each picture's logits and label.
    func measure(
        _ model: ModelFile, epoch: Int, of epochs: Int = 2, _ each: (ArraySlice<Float>, Int) -> Void = { _, _ in }
    ) throws -> Found? {
        let classifier = try model.classifier(threads: threads)
        var found = Found(measuring: Measuring(classes: model.classes, listed: Limits.mistakesListed))
        let (count, classes) = (measured.places.count, model.classes.count)
        var meter = Meter(epochs: epochs, steps: count, perEpoch: count)
        for start in stride(from: 0, to: count, by: Self.chunk) {
            if inbox.stopRequested { return nil }
            let places = measured.places[start..<min(start + Self.chunk, count)]
            let logits = classifier.classify(places.map { Picture($0, of: measured.split) })
            for (row, place) in places.enumerated() {
                let label = measured.split.label(place)
                let logits = logits[(row * classes)..<((row + 1) * classes)]
                found.sums.add(logits: logits, label: label)
                found.measuring.add(logits: logits, label: label, place: place)
                each(logits, label)
            }
            guard meter.isDue(after: places.count) else { continue }
            var position = Checkpoint.Position(epoch: epoch)
            position.sums = found.sums
            position.step = places.endIndex
            try replies.progress(meter.progress(position))
        }
        return found
    }

    /// - Parameter describe: says in the model's history what was done.
    func write(
        _ made: ModelFile, _ before: Found, _ after: Found, _ describe: (inout History.Generation) -> Void
    ) throws -> RunResult {
        let model = try finished(made) {
            $0.validationLoss = finite(after.sums.meanLoss)
            $0.validationAccuracy = after.sums.accuracy
            describe(&$0)
        }
        let file = "model.safetensors"
        try model.write(to: "\(directory)/\(file)")
        let told = MadeModel(file: file, model)
        return RunResult(
            images: measured.places.count, loss: finite(after.sums.meanLoss), accuracy: after.sums.accuracy,
            model: told, measured: measured.description, warning: told.warning, byClass: after.measuring.byClass,
            measurement: after.measuring.measurement(measured.name, of: measured.split),
            before: Figures(
                loss: finite(before.sums.meanLoss), accuracy: before.sums.accuracy,
                calibrationError: before.measuring.calibrationError),
            temperature: model.history?.generations.first?.temperature)
    }

    /// What is made, with its history and self-test.
    func finished(_ made: ModelFile, _ describe: (inout History.Generation) -> Void) throws -> ModelFile {
        var (model, generation) = (made, generation)
        describe(&generation)
        model.history = try History(generation, after: self.model.history)
        return try model.withSelfTest(threads: threads)
    }
}
