internal import Datasets
internal import Glibc
internal import SqueezeNet

/// Whether a network tells no more than who guesses without having seen the picture.
enum Chance {
    static let warning = "no better than chance: try a smaller learning rate, another seed or more epochs"

    /// A dead network answers every picture alike. One that lives must have failed in training and validation, by the loss of
    /// equal probabilities, and not hit more often than who always says the commonest class: what little data teaches in an epoch
    /// shows in one of these.
    static func isAll(
        _ classifier: Classifier, of dataset: MappedDataset, trained: Evaluation, validated: Evaluation, commonest: Int
    ) -> Bool {
        if answersAllAlike(classifier, dataset.train) { return true }
        let guessing = log(Double(classifier.network.classes)) - tolerance
        // Two standard deviations above the hits of one who guesses the commonest class.
        let share = Double(commonest) / Double(validated.count)
        let luck = 2 * (Double(validated.count) * share * (1 - share)).squareRoot()
        return trained.meanLoss >= guessing && validated.meanLoss >= guessing
            && Double(validated.correct) <= Double(commonest) + luck
    }

    /// Of the loss, in nats.
    private static let tolerance = 0.001

    /// Some pictures suffice: no two differ for a network that is alive.
    private static func answersAllAlike(_ classifier: Classifier, _ split: MappedDataset.Split) -> Bool {
        let count = min(split.count, 64)
        let logits = classifier.classify((0..<count).map { Picture($0 * split.count / count, of: split) })
        let classes = classifier.network.classes
        return count > 1 && logits.indices.dropFirst(classes).allSatisfy { logits[$0] == logits[$0 % classes] }
    }
}
