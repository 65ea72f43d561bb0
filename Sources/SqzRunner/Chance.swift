internal import Glibc
internal import SqueezeNet

/// Whether a network tells no more than who guesses without having seen the picture.
enum Chance {
    static let warning = "no better than chance: try a smaller learning rate, another seed or more epochs"

    /// A dead network answers every picture alike. One that lives must have failed in training and validation, by the loss of
    /// equal probabilities, and not hit more often than who always says the commonest class: what little data teaches in an epoch
    /// shows in one of these.
    /// - Parameter answers: the logits of `sample`'s pictures.
    static func isAll(
        _ answers: [Float], classes: Int, trained: Evaluation, validated: Evaluation, commonest: Int
    ) -> Bool {
        if areAlike(answers, classes: classes) { return true }
        let guessing = log(Double(classes)) - tolerance
        // Two standard deviations above the hits of one who guesses the commonest class.
        let share = Double(commonest) / Double(validated.count)
        let luck = 2 * (Double(validated.count) * share * (1 - share)).squareRoot()
        return trained.meanLoss >= guessing && validated.meanLoss >= guessing
            && Double(validated.correct) <= Double(commonest) + luck
    }

    /// Of the loss, in nats.
    private static let tolerance = 0.001

    /// Places of some of so many pictures, which suffice: no two answers are the same of a network that is alive.
    static func sample(of count: Int) -> [Int] {
        let some = min(count, 64)
        return (0..<some).map { $0 * count / some }
    }

    private static func areAlike(_ answers: [Float], classes: Int) -> Bool {
        answers.count > classes
            && answers.indices.dropFirst(classes).allSatisfy { answers[$0] == answers[$0 % classes] }
    }
}
