internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// A training job: epochs of shuffled batches, validation after each, checkpoints, and a model at the end.
struct Training {
    private let options: TrainOptions
    private let dataset: MappedDataset
    private let network: Network
    private let preprocessing: Preprocessing
    private let recipe: Recipe
    /// Places in the training split.
    private let trained: [Int]
    private let validation: Validation
    private let directory: String
    private let inbox: Inbox
    private let replies: RunReplies

    /// Checkpoints come at least this often, and at the end of each epoch.
    private static let checkpointInterval = Duration.seconds(30)

    init(options: TrainOptions, dataset path: String, directory: String, inbox: Inbox, replies: RunReplies) throws {
        self.options = options
        self.directory = directory
        self.inbox = inbox
        self.replies = replies
        dataset = try MappedDataset(ofJob: path)
        preprocessing = try Preprocessing(size: options.size)
        recipe = options.recipe
        network = try Network(
            options.architecture, bypass: options.bypass, classes: dataset.classes.count, inputSize: options.size)
        if let test = dataset.test {
            trained = Array(0..<dataset.train.count)
            validation = Validation(split: test, places: Array(0..<test.count))
        } else {
            let count = dataset.train.count
            let held = max(1, Int((Double(count) * options.validationShare).rounded()))
            guard held < count else {
                throw SqzError.badData(file: "data set", reason: "one picture is too few to train and validate with")
            }
            let heldOut = HeldOut(held, of: count, seed: options.seed)
            trained = heldOut.others
            validation = Validation(split: dataset.train, places: heldOut.places)
        }
    }

    private var stepsPerEpoch: Int { (trained.count + options.batchSize - 1) / options.batchSize }

    /// Trains to the end, from the newest checkpoint if there is one; nil if it was asked to stop.
    func run() throws -> RunResult? {
        let checkpoint = try Checkpoint.newest(in: directory, for: network, recipe: recipe) { name, reason in
            Log.write("\(name) can't be used: \(reason); an older one is tried")
        }
        let state = checkpoint?.state ?? TrainerState(weights: Weights(glorotUniformFor: network, seed: options.seed))
        let trainer = try Trainer(
            network: network, preprocessing: preprocessing, recipe: checkpoint?.recipe ?? recipe, state: state,
            seed: options.seed, threads: options.threads)
        var position = checkpoint?.position ?? Checkpoint.Position(epoch: 1)
        var ended = checkpoint?.ended ?? []
        Log.write(
            """
            \(network.architecture.rawValue), \(network.parameterCount) parameters, \(trained.count) pictures to train, \
            \(validation.places.count) to validate, \(options.threads) thread\(options.threads == 1 ? "" : "s"), kernels \(Kernels.selected)
            """)
        if checkpoint != nil { Log.write("goes on from epoch \(position.epoch), step \(position.step)") }

        var meter = Meter(epochs: options.epochs, steps: stepsPerEpoch, perEpoch: trained.count)
        // The last run may have been killed with these on their way.
        for epoch in ended { try tell(epoch, meter) }
        while position.epoch <= options.epochs {
            guard try train(&position, trainer, &meter, ended) else { return nil }
            let epoch = try validate(trainer.weights, position)
            try tell(epoch, meter)
            ended.append(epoch)
            position = Checkpoint.Position(epoch: position.epoch + 1)
            try save(trainer, position, ended)
        }
        return try finish(trainer, try ended.last ?? validate(trainer.weights, position))
    }

    private func tell(_ epoch: Checkpoint.EndedEpoch, _ meter: Meter) throws {
        try replies.progress(meter.progress(epoch.position, epoch), epochEnded: true)
    }

    /// The rest of an epoch; false if it was asked to stop.
    private func train(
        _ position: inout Checkpoint.Position, _ trainer: Trainer, _ meter: inout Meter,
        _ ended: [Checkpoint.EndedEpoch]
    ) throws -> Bool {
        let order = shuffledIndices(trained.count, seed: options.seed, epoch: position.epoch)
        var lastCheckpoint = ContinuousClock.now
        while position.step < stepsPerEpoch {
            if inbox.stopRequested || lastCheckpoint + Self.checkpointInterval < .now {
                try save(trainer, position, ended)
                lastCheckpoint = .now
                if inbox.stopRequested { return false }
            }
            let start = position.step * options.batchSize
            let batch = order[start..<min(start + options.batchSize, order.count)].map { place in
                let index = trained[place]
                return Example(
                    picture: Picture(index, of: dataset.train), label: dataset.train.label(index),
                    index: index)
            }
            let result = trainer.step(batch, epoch: position.epoch)
            guard result.lossSum.isFinite else {
                throw SqzError.diverged(epoch: position.epoch, step: position.step + 1)
            }
            position.step += 1
            position.sums += result
            if meter.isDue(after: result.count) {
                try replies.progress(meter.progress(position, ended.last))
            }
        }
        return true
    }

    /// Writes a checkpoint, never of weights that have diverged.
    private func save(
        _ trainer: Trainer, _ position: Checkpoint.Position, _ ended: [Checkpoint.EndedEpoch]
    ) throws {
        let state = trainer.state
        guard state.weights.areFinite else { throw diverged(position) }
        try Checkpoint(state: state, recipe: trainer.recipe, position: position, ended: ended).write(in: directory)
    }

    /// What the epoch that ends here came to.
    private func validate(_ weights: Weights, _ position: Checkpoint.Position) throws -> Checkpoint.EndedEpoch {
        guard weights.areFinite else { throw diverged(position) }
        let classifier = try Classifier(
            network: network, weights: weights, preprocessing: preprocessing, threads: options.threads)
        let evaluation = validation.evaluate(classifier)
        guard evaluation.lossSum.isFinite else { throw diverged(position) }
        let isNoBetter = Chance.isAll(
            classifier, of: dataset, trained: position.sums, validated: evaluation, commonest: validation.commonest)
        return Checkpoint.EndedEpoch(
            position: position, validation: evaluation, isNoBetterThanChance: isNoBetter)
    }

    /// What was found after the last step of a position.
    private func diverged(_ position: Checkpoint.Position) -> SqzError {
        .diverged(epoch: position.epoch, step: position.step)
    }

    private func finish(_ trainer: Trainer, _ last: Checkpoint.EndedEpoch) throws -> RunResult {
        let record = TrainingRecord(
            of: dataset.train, seed: options.seed, heldOut: dataset.train.count - trained.count,
            isNoBetterThanChance: last.isNoBetterThanChance ?? false)
        let file = "model.safetensors"
        let model = ModelFile(
            network: network, preprocessing: preprocessing, recipe: trainer.recipe, classes: dataset.classes,
            weights: trainer.weights, training: record)
        try model.write(to: "\(directory)/\(file)")
        let made = MadeModel(file: file, model)
        return RunResult(
            images: trained.count * options.epochs, loss: finite(last.validation.meanLoss),
            accuracy: last.validation.accuracy, model: made, warning: made.warning)
    }
}

/// The pictures that a training does not see.
private struct Validation {
    let split: MappedDataset.Split
    let places: [Int]
    /// How many pictures the largest class has.
    let commonest: Int

    init(split: MappedDataset.Split, places: [Int]) {
        self.split = split
        self.places = places
        let counts = places.reduce(into: [:]) { $0[split.label($1), default: 0] += 1 }
        commonest = counts.values.max() ?? 0
    }

    func evaluate(_ classifier: Classifier) -> Evaluation {
        classifier.evaluate(
            places.map { Picture($0, of: split) }, labels: places.map { split.label($0) })
    }
}

/// JSON has no NaN: what is not finite is not said.
func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
