internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// Some epochs in which a model learns to get by with less, taught by what it was: of the labels, and of its own logits. It goes on where
/// it was stopped, from a checkpoint.
struct Finetuning {
    private let model: ModelFile
    private let dataset: MappedDataset
    private let trained: [Int]
    private let threads: Int
    private let directory: String
    private let phase: String
    private let inbox: Inbox
    private let replies: RunReplies
    /// The job's epochs: those before these, and all with those that measure.
    private let before: Int
    private let all: Int
    private let recipe: Recipe

    private static let seed: UInt64 = 1

    /// - Parameters:
    ///   - epochs: which of the job's, of how many.
    ///   - phase: names its checkpoints.
    init(
        _ remaking: Remaking, phase: String, epochs: Range<Int>, of all: Int, learningRate: Float
    ) throws {
        model = remaking.model
        dataset = remaking.dataset
        trained = Measured.trained(of: dataset.train, by: model.training)
        guard remaking.measured.name != .train || remaking.measured.places.count + trained.count <= dataset.train.count
        else {
            throw SqzError.badData(
                file: "data set",
                reason: """
                    none of its pictures are held out to measure with, and these epochs learn all; right would be the data set that the \
                    model was trained on, or one with test pictures
                    """)
        }
        threads = remaking.threads
        directory = remaking.directory
        self.phase = phase
        inbox = remaking.inbox
        replies = remaking.replies
        before = epochs.lowerBound
        self.all = all
        var recipe = Recipe(
            .tutorial, epochs: epochs.count, learningRate: learningRate, schedule: Schedule(.cosine),
            optimizer: Optimizer(.adam), usesDropout: false, rectifiesScores: true,
            augmentation: model.recipe?.augmentation ?? Recipe.strong.augmentation)
        recipe.distillation = Distillation()
        self.recipe = recipe
    }

    private var stepsPerEpoch: Int { (trained.count + recipe.batchSize - 1) / recipe.batchSize }

    /// The weights at the end; nil if it was asked to stop.
    /// - Parameters:
    ///   - weights: to begin with.
    ///   - reshape: what an epoch, counted from 1, makes of the weights before it.
    ///   - constraint: what weights keep while they learn.
    func learn(
        from weights: Weights, reshape: (Weights, _ epoch: Int) -> Weights = { weights, _ in weights },
        _ constraint: (Weights) -> Constraint
    ) throws -> Weights? {
        let checkpoint = try Checkpoint.newest(in: directory, phase: phase, for: model.network, recipe: recipe) {
            Log.write("\($0) can't be used: \($1); an older one is tried")
        }
        var state = checkpoint?.state ?? TrainerState(weights: weights)
        var position = checkpoint?.position ?? Checkpoint.Position(epoch: 1)
        var meter = Meter(epochs: all, steps: stepsPerEpoch, perEpoch: trained.count)
        let teacher = try Teacher(
            network: model.network, weights: model.weights, preprocessing: model.preprocessing)
        func trainer(of state: TrainerState) throws -> Trainer {
            try Trainer(
                network: model.network, preprocessing: model.preprocessing, recipe: recipe, teacher: teacher,
                constraint: constraint(state.weights), state: state, seed: Self.seed,
                plannedSteps: recipe.epochs * stepsPerEpoch, threads: threads)
        }
        while position.epoch <= recipe.epochs {
            if position.step == 0 { state = state.reshaped(model.network) { reshape($0, position.epoch) } }
            let trainer = try trainer(of: state)
            guard try epoch(&position, trainer, &meter) else { return nil }
            state = trainer.state
            position = Checkpoint.Position(epoch: position.epoch + 1)
            try save(state, position)
        }
        return try trainer(of: state).result
    }

    /// The rest of an epoch; false if it was asked to stop.
    private func epoch(_ position: inout Checkpoint.Position, _ trainer: Trainer, _ meter: inout Meter) throws -> Bool {
        let order = shuffledIndices(trained.count, seed: Self.seed, epoch: position.epoch)
        var lastCheckpoint = ContinuousClock.now
        while position.step < stepsPerEpoch {
            if inbox.stopRequested || lastCheckpoint + Training.checkpointInterval < .now {
                try save(trainer.state, position)
                lastCheckpoint = .now
                if inbox.stopRequested { return false }
            }
            let start = position.step * recipe.batchSize
            let batch = order[start..<min(start + recipe.batchSize, order.count)].map {
                Example(trained[$0], of: dataset.train)
            }
            let result = trainer.step(batch, epoch: position.epoch)
            guard result.lossSum.isFinite else {
                throw SqzError.diverged(epoch: position.epoch, step: position.step + 1)
            }
            position.step += 1
            position.sums += result
            guard meter.isDue(after: result.count) else { continue }
            var told = position
            told.epoch += before
            try replies.progress(meter.progress(told))
        }
        return true
    }

    private func save(_ state: TrainerState, _ position: Checkpoint.Position) throws {
        guard state.weights.areFinite else { throw SqzError.diverged(epoch: position.epoch, step: position.step) }
        try Checkpoint(state: state, recipe: recipe, position: position).write(in: directory, phase: phase)
    }
}

extension TrainerState {
    /// With other weights. What the optimizer keeps of those that became zero is zero too, so that it does not move them.
    fileprivate func reshaped(_ network: Network, _ body: (Weights) -> Weights) -> TrainerState {
        var state = self
        state.weights = body(weights)
        guard state.weights != weights else { return self }
        state.slots = slots.mapValues { $0.zeroed(where: state.weights, network) }
        return state
    }
}
