internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// A training job: epochs of shuffled batches, validation after each, checkpoints, and a model at the end.
struct Training {
    let options: TrainOptions
    let dataset: MappedDataset
    let network: Network
    let preprocessing: Preprocessing
    /// That of the checkpoint, where there is one.
    let recipe: Recipe
    /// Where it goes on, if it began before.
    private let checkpoint: Checkpoint?
    /// Of whom it learns.
    private let teacher: Teacher?
    /// What the training begins with.
    private let initial: Weights
    /// Places in the training split.
    let trained: [Int]
    let validation: Validation
    /// What the model's history says of this, but for the figures, and the history before.
    let generation: History.Generation
    let before: History?
    let directory: String
    let inbox: Inbox
    /// Who does it: each has all of this, and makes the same steps.
    let ranks: Ranks
    private let replies: RunReplies

    /// Checkpoints come at least this often, and at the end of each epoch.
    static let checkpointInterval = Duration.seconds(30)

    /// - Parameters:
    ///   - model: the path of the model that is tuned, if one is.
    ///   - teacher: the path of the model that it learns of, if it does of one.
    ///   - generation: what a model's history says of these options and of what is tuned.
    init(
        options: TrainOptions, dataset path: String, tuning model: String?, teacher: String?, directory: String,
        inbox: Inbox, replies: RunReplies, ranks: Ranks, generation: (TrainOptions, ModelFile?) -> History.Generation
    ) throws {
        let model = try model.map { try ModelFile(path: $0) }
        if let model {
            guard model.bits == 32 else {
                throw SqzError.invalidOption(
                    option: "base",
                    reason:
                        "is a model of eight bits, which can't be trained on; right would be the model that it was made of"
                )
            }
            try options.check(tuning: model.network)
            _ = try model.classifier(threads: options.threads)
        }
        self.options = options
        self.generation = generation(options, model)
        before = model?.history
        self.directory = directory
        self.inbox = inbox
        self.ranks = ranks
        self.replies = replies
        dataset = try MappedDataset(ofJob: path)
        preprocessing = try options.preprocessing(
            side: dataset.train.width, fit: dataset.description.fit, tuning: model?.preprocessing)
        network = try Network(
            model?.network.architecture ?? options.architecture, width: model?.network.width ?? options.width,
            bypass: model?.network.bypass ?? options.bypass,
            classes: dataset.classes.count, inputSize: preprocessing.size,
            classifierPadding: model?.network.classifierPadding ?? 0)
        if let test = dataset.test, options.validationShare == nil {
            trained = Array(0..<dataset.train.count)
            validation = Validation(split: test, .test, places: Array(0..<test.count))
        } else {
            let count = dataset.train.count
            let share = options.validationShare ?? Self.usualShare
            let held = max(1, Int((Double(count) * share).rounded()))
            guard held < count else {
                throw SqzError.badData(file: "data set", reason: "one picture is too few to train and validate with")
            }
            let heldOut = HeldOut(held, of: count, seed: options.seed)
            trained = heldOut.others
            validation = Validation(split: dataset.train, .train, places: heldOut.places)
        }
        var recipe = options.recipe(tuning: model?.network)
        recipe.classWeights = options.classWeights.weights(
            trained.lazy.map { [dataset] in dataset.train.label($0) }, classes: network.classes)
        checkpoint = try Checkpoint.newest(in: directory, for: network, recipe: recipe) { name, reason in
            ranks.log("\(name) can't be used: \(reason); an older one is tried")
        }
        self.recipe = checkpoint?.recipe ?? recipe
        try options.checkTeacher()
        if let teacher {
            self.teacher = try Self.teacher(teacher, of: dataset.classes, size: network.inputSize)
        } else {
            self.teacher = nil
        }
        if let model {
            initial = try Weights(
                tuning: model.weights, of: model.network, for: network,
                keepsClassifier: model.classes == dataset.classes && !options.resetsClassifier, seed: options.seed)
        } else {
            initial = Weights(glorotUniformFor: network, seed: options.seed)
        }
    }

    private static func teacher(_ path: String, of classes: [String], size: Int) throws -> Teacher {
        let model = try ModelFile(path: path)
        func refusal(_ reason: String) -> SqzError { .invalidOption(option: "teacher", reason: reason) }
        guard model.bits == 32 else {
            throw refusal("is a model of eight bits; right would be the model that it was made of")
        }
        guard model.classes == classes else {
            throw refusal("tells other classes apart than the data set, or in another order")
        }
        guard model.network.inputSize == size else {
            let (own, right) = (model.network.inputSize, size)
            throw refusal("takes pictures of \(own)x\(own); right would be \(right)x\(right), as this training does")
        }
        return try Teacher(network: model.network, weights: model.weights, preprocessing: model.preprocessing)
    }

    /// Lets the trainer fold its normalization, with the same pictures whenever it does.
    private func settle(_ trainer: Trainer) {
        guard recipe.normalizationGroup > 0 else { return }
        let count = min(trained.count, Trainer.settledWith)
        trainer.settle(with: (0..<count).map { example($0 * trained.count / count, nil, epoch: 1) }, epoch: 1)
    }

    /// What is held out where there are no test pictures.
    private static let usualShare = 0.1

    /// All that must be the same on every rank for the same bits to come of it.
    var beginning: String {
        "kernels \(Kernels.selected), step \(checkpoint?.state.steps ?? 0), weights \((checkpoint?.state.weights ?? initial).sha256)"
    }

    private var stepsPerEpoch: Int { (trained.count + recipe.batchSize - 1) / recipe.batchSize }

    /// Trains to the end, from the newest checkpoint if there is one; nil if it was asked to stop.
    func run() throws -> RunResult? {
        guard let learnt = try learn() else { return nil }
        return try makeModel(of: learnt)
    }

    /// What there is to make a model of, when no more is learnt.
    struct Learnt {
        /// Those of `epoch`.
        let weights: Weights
        let epoch: Checkpoint.EndedEpoch
        /// Where the training ended, and why it did before the last epoch's end.
        let position: Checkpoint.Position
        let early: EarlyEnd?
        let kept: Kept?
    }

    /// How far a training is, and what came of it so far.
    private struct Course {
        var position: Checkpoint.Position
        var ended: [Checkpoint.EndedEpoch]
        var best: Checkpoint.Best?
    }

    /// nil if it was asked to stop.
    private func learn() throws -> Learnt? {
        let trainer = try Trainer(
            network: network, preprocessing: preprocessing, recipe: recipe, teacher: teacher,
            state: checkpoint?.state ?? TrainerState(weights: initial), seed: options.seed,
            plannedSteps: recipe.epochs * stepsPerEpoch, threads: options.threads, ranks: ranks.collective)
        let first = trainer.steps
        defer { ranks.tellCosts(steps: trainer.steps - first) }
        var course = Course(
            position: checkpoint?.position ?? Checkpoint.Position(epoch: 1), ended: checkpoint?.ended ?? [],
            best: checkpoint?.best)
        ranks.log(
            """
            \(network.name), \(network.parameterCount) parameters, \(trained.count) pictures to train, \
            \(validation.places.count) to validate, \(ranks.count > 1 ? "\(ranks.count) ranks of " : "")\(options.threads) \
            thread\(options.threads == 1 ? "" : "s"), kernels \(Kernels.selected)
            """)
        let threads = ranks.count * options.threads
        if let groups = trainer.groups(of: recipe.batchSize), groups < threads {
            ranks.log(
                """
                only \(groups) of \(threads) threads will have work: a batch of \(recipe.batchSize) is normalized in groups of \
                \(recipe.normalizationGroup); smaller groups or larger batches would give more of them some
                """)
        }
        if checkpoint != nil { ranks.log("goes on from epoch \(course.position.epoch), step \(course.position.step)") }

        var meter = Meter(epochs: recipe.epochs, steps: stepsPerEpoch, perEpoch: trained.count)
        var kept: Kept?
        if options.frozen == .features, !isOver(course) {
            kept = try keep(trainer)
            // One that is to finish has no use for them.
            if ranks.asked(inbox).stop { return nil }
        }
        // The last run may have been killed with these on their way.
        for epoch in course.ended { try tell(epoch, meter) }
        var early: EarlyEnd?
        while !isOver(course) {
            switch try train(&course, trainer, kept, &meter) {
            case .stopped: return nil
            case .finished: early = .finished
            case .done: break
            }
            if early == nil || course.position.step > 0 {
                let epoch = try validate(trainer, kept, course.position)
                consider(epoch, of: trainer, &course)
                if early == nil {
                    try tell(epoch, meter)
                    course.position = Checkpoint.Position(epoch: course.position.epoch + 1)
                    try save(trainer, course)
                }
            }
            if early != nil { break }
        }
        if early == nil, course.position.epoch <= recipe.epochs { early = .noGain }
        if let best = course.best, let weights = best.weights {
            return Learnt(weights: weights, epoch: best.epoch, position: course.position, early: early, kept: kept)
        }
        let last = try course.ended.last ?? validate(trainer, kept, course.position)
        settle(trainer)
        return Learnt(weights: trainer.result, epoch: last, position: course.position, early: early, kept: kept)
    }

    /// Whether nothing is left to learn: all epochs are over, or as many as were given brought no gain.
    private func isOver(_ course: Course) -> Bool {
        guard course.position.step == 0, course.position.epoch <= recipe.epochs else {
            return course.position.epoch > recipe.epochs
        }
        guard let patience = options.stopEarly, let last = course.ended.last, let best = course.best else {
            return false
        }
        return last.position.epoch - best.epoch.position.epoch >= patience
    }

    /// Notes what an epoch came to, and its weights if it is the best so far: by accuracy, of equal ones by loss, of equal ones
    /// the first.
    private func consider(_ epoch: Checkpoint.EndedEpoch, of trainer: Trainer, _ course: inout Course) {
        course.ended.append(epoch)
        if let best = course.best?.epoch, !epoch.isBetter(than: best) { return }
        course.best = Checkpoint.Best(epoch: epoch, weights: options.keep == .best ? trainer.result : nil)
    }

    /// The features of the pictures to train, and of those to validate.
    struct Kept {
        let trained: KeptFeatures
        let validated: KeptFeatures
    }

    /// nil if it was asked to stop, or to finish.
    private func keep(_ trainer: Trainer) throws -> Kept? {
        let all = trained.count * options.views + validation.places.count
        var meter = Meter(epochs: 1, steps: all, perEpoch: all)
        var last = 0
        func features(_ examples: [Example], views: Int, after before: Int) throws -> KeptFeatures? {
            try KeptFeatures.compute(examples, views: views, trainer, in: directory, inbox: inbox, ranks: ranks) {
                done in
                defer { last = before + done }
                guard meter.isDue(after: before + done - last) else { return }
                var progress = meter.progress(Checkpoint.Position(epoch: 1, step: before + done, count: before + done))
                (progress.loss, progress.accuracy) = (nil, nil)
                try replies.progress(progress)
            }
        }
        let examples = trained.map { Example($0, of: dataset.train) }
        guard let trained = try features(examples, views: options.views, after: 0),
            let validated = try features(validation.examples, views: 1, after: examples.count * options.views)
        else { return nil }
        return Kept(trained: trained, validated: validated)
    }

    /// One of the pictures to train, as an epoch sees it.
    func example(_ place: Int, _ kept: Kept?, epoch: Int) -> Example {
        var example = Example(trained[place], of: dataset.train)
        example.features = kept?.trained.features(place, epoch: epoch)
        return example
    }

    private func tell(_ epoch: Checkpoint.EndedEpoch, _ meter: Meter) throws {
        try replies.progress(progress(epoch.position, epoch, meter), epochEnded: true)
    }

    private func progress(
        _ position: Checkpoint.Position, _ ended: Checkpoint.EndedEpoch?, _ meter: Meter
    ) -> Progress {
        var progress = meter.progress(position, ended)
        let step = (position.epoch - 1) * stepsPerEpoch + position.step
        let factor = recipe.schedule.factor(step: max(step, 1), of: recipe.epochs * stepsPerEpoch)
        // In the digits of the recipe's, which are a Float's.
        progress.learningRate = Double(Float(factor * Double(recipe.learningRate)).description)
        return progress
    }

    private enum Passage {
        case done, stopped, finished
    }

    /// The rest of an epoch, unless it is asked to stop or to finish before. One that is to finish has made a step.
    private func train(
        _ course: inout Course, _ trainer: Trainer, _ kept: Kept?, _ meter: inout Meter
    ) throws -> Passage {
        let order = shuffledIndices(trained.count, seed: options.seed, epoch: course.position.epoch)
        var lastCheckpoint = ContinuousClock.now
        while course.position.step < stepsPerEpoch {
            let asked = ranks.asked(inbox)
            let finishes = asked.finish && trainer.steps > 0
            if asked.stop || finishes || lastCheckpoint + Self.checkpointInterval < .now {
                try save(trainer, course)
                lastCheckpoint = .now
                if asked.stop { return .stopped }
                if finishes { return .finished }
            }
            let start = course.position.step * recipe.batchSize
            let batch = order[start..<min(start + recipe.batchSize, order.count)].map {
                example($0, kept, epoch: course.position.epoch)
            }
            let result = trainer.step(batch, epoch: course.position.epoch)
            guard result.lossSum.isFinite else {
                throw SqzError.diverged(epoch: course.position.epoch, step: course.position.step + 1)
            }
            course.position.step += 1
            course.position.sums += result
            if meter.isDue(after: result.count) {
                try replies.progress(progress(course.position, course.ended.last, meter))
            }
        }
        return .done
    }

    /// Writes a checkpoint, never of weights that have diverged.
    private func save(_ trainer: Trainer, _ course: Course) throws {
        guard ranks.isFirst else { return }
        let state = trainer.state
        guard state.weights.areFinite else { throw diverged(course.position) }
        try Checkpoint(
            state: state, recipe: trainer.recipe, position: course.position, ended: course.ended, best: course.best
        ).write(in: directory)
    }

    /// What the epoch that ends here came to.
    private func validate(
        _ trainer: Trainer, _ kept: Kept?, _ position: Checkpoint.Position
    ) throws -> Checkpoint.EndedEpoch {
        settle(trainer)
        let weights = trainer.result
        guard weights.areFinite else { throw diverged(position) }
        let logits = try logits(of: weights, kept, trainer)
        let evaluation = validation.evaluate(kept?.validated, logits)
        guard evaluation.lossSum.isFinite else { throw diverged(position) }
        let sample = Chance.sample(of: trained.count).map { example($0, kept, epoch: 1) }
        let isNoBetter = Chance.isAll(
            logits(sample), classes: network.classes, trained: position.sums, validated: evaluation,
            commonest: validation.commonest)
        return Checkpoint.EndedEpoch(
            position: position, validation: evaluation, isNoBetterThanChance: isNoBetter)
    }

    /// Computes the logits of examples, by weights that are the trainer's.
    func logits(of weights: Weights, _ kept: Kept?, _ trainer: Trainer) throws -> ([Example]) -> [Float] {
        guard kept == nil else { return ranks.sharing(trainer.logits) }
        let classifier = try Classifier(
            network: network, weights: weights, preprocessing: preprocessing, rectifiesScores: recipe.rectifiesScores,
            threads: options.threads)
        return ranks.sharing { classifier.classify($0.map(\.picture)) }
    }

    /// What was found after the last step of a position.
    private func diverged(_ position: Checkpoint.Position) -> SqzError {
        .diverged(epoch: position.epoch, step: position.step)
    }
}
