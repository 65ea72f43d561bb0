internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

// A training's model, of what it has learnt.
extension Training {
    /// nil if it was asked to stop.
    func makeModel(of learnt: Learnt) throws -> RunResult? {
        // A trainer that only judges: what is kept need not be what was learnt last.
        var plain = Recipe.tutorial
        plain.rectifiesScores = recipe.rectifiesScores
        plain.frozenModules = recipe.frozenModules
        let judge = try Trainer(
            network: network, preprocessing: preprocessing, recipe: plain,
            state: TrainerState(weights: learnt.weights), seed: options.seed, threads: options.threads)
        guard let smallestScore = try smallestScore(judge, learnt.kept) else { return nil }
        let found = try validation.measure(
            dataset.classes, learnt.kept?.validated, logits(of: learnt.weights, learnt.kept, judge))
        return try write(learnt, found, smallestScore)
    }

    /// The smallest score over the pictures that were trained on, as classifying sees them, by which the model's are lifted;
    /// infinity where they have their ReLU, nil if it was asked to stop.
    private func smallestScore(_ judge: Trainer, _ kept: Kept?) throws -> Float? {
        guard !recipe.rectifiesScores else { return .infinity }
        let kept = options.views == 1 ? kept : nil
        var smallest = Float.infinity
        for start in stride(from: 0, to: trained.count, by: Self.judgedTogether) {
            if ranks.asked(inbox).stop { return nil }
            let own = ranks.collective.share(of: min(Self.judgedTogether, trained.count - start))
            smallest = min(smallest, judge.smallestScore(of: own.map { example(start + $0, kept, epoch: 1) }))
        }
        return ranks.collective.gather(smallest).min()
    }

    /// Pictures between two looks at whether to stop.
    private static let judgedTogether = 256

    private func write(_ learnt: Learnt, _ found: Measuring, _ smallestScore: Float) throws -> RunResult {
        var weights = learnt.weights
        let lift = weights.lift(network, smallestScore: smallestScore)
        let record = TrainingRecord(
            of: dataset.train, seed: options.seed, heldOut: dataset.train.count - trained.count,
            isNoBetterThanChance: learnt.epoch.isNoBetterThanChance ?? false, lift: lift > 0 ? lift : nil)
        let file = "model.safetensors"
        let history = try History(generation(of: learnt), after: before)
        let model = try ModelFile(
            network: network, preprocessing: preprocessing, recipe: recipe, classes: dataset.classes,
            weights: weights, training: record, history: history
        ).withSelfTest(threads: options.threads)
        if ranks.isFirst { try model.write(to: "\(directory)/\(file)") }
        let made = MadeModel(file: file, model)
        let validation = learnt.epoch.validation
        return RunResult(
            images: trained.count * (learnt.position.epoch - 1) + learnt.position.count,
            loss: finite(validation.meanLoss), accuracy: validation.accuracy, model: made, warning: made.warning,
            epoch: learnt.epoch.position.epoch, lastEpoch: learnt.lastEpoch, epochs: recipe.epochs,
            early: learnt.early, byClass: found.byClass,
            measurement: found.measurement(self.validation.name, of: self.validation.split))
    }

    private func generation(of learnt: Learnt) -> History.Generation {
        var generation = generation
        let (sums, validated) = (learnt.epoch.position.sums, learnt.epoch.validation)
        generation.pictures = trained.count
        generation.validated = validation.places.count
        generation.epochs = recipe.epochs
        generation.epoch = learnt.epoch.position.epoch
        generation.lastEpoch = learnt.lastEpoch
        // A checkpoint of an older version does not say what it ended with.
        if sums.count > 0 {
            generation.loss = finite(sums.meanLoss)
            generation.accuracy = sums.accuracy
        }
        generation.validationLoss = finite(validated.meanLoss)
        generation.validationAccuracy = validated.accuracy
        return generation
    }
}

extension Training.Learnt {
    /// The epoch in which the training ended.
    fileprivate var lastEpoch: Int { position.step > 0 ? position.epoch : position.epoch - 1 }
}
