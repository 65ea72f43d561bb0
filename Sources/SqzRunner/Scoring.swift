internal import Datasets
internal import Glibc
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// An evaluation or prediction job: a model over a data set's test pictures, or all of them where it has no test pictures.
/// It needs no checkpoint: one that is stopped begins anew and comes to the same.
struct Scoring {
    private let model: ModelFile
    private let classifier: Classifier
    private let split: MappedDataset.Split
    private let inbox: Inbox
    private let replies: RunReplies

    /// Pictures between two looks at whether to stop.
    private static let chunk = 500

    init(model path: String, dataset: String, threads: Int, inbox: Inbox, replies: RunReplies) throws {
        model = try ModelFile(path: path)
        let dataset = try MappedDataset(path: dataset)
        guard dataset.classes.count == model.classes.count else {
            throw SqzError.badData(
                file: "data set",
                reason: "it has \(dataset.classes.count) classes, the model was trained for \(model.classes.count)")
        }
        split = dataset.test ?? dataset.train
        classifier = try Classifier(
            network: model.network, weights: model.weights, preprocessing: model.preprocessing, threads: threads)
        self.inbox = inbox
        self.replies = replies
    }

    /// nil if it was asked to stop.
    func evaluate() throws -> RunResult? {
        var position = Checkpoint.Position(epoch: 1)
        let isDone = try forEachChunk(&position) { places, pictures in
            let part = classifier.evaluate(pictures, labels: places.map { split.label($0) })
            return (part.lossSum, part.correct)
        }
        guard isDone else { return nil }
        return RunResult(
            images: position.count, loss: finite(position.lossSum / Double(position.count)),
            accuracy: Double(position.correct) / Double(position.count))
    }

    /// nil if it was asked to stop.
    func predict(top: Int) throws -> RunResult? {
        var position = Checkpoint.Position(epoch: 1)
        let ranking = Ranking(classes: model.classes)
        let isDone = try forEachChunk(&position) { places, pictures in
            let logits = classifier.classify(pictures)
            var loss = 0.0
            var correct = 0
            let predictions = places.enumerated().map { row, place in
                let probabilities = softmax(
                    Array(logits[(row * model.classes.count)..<((row + 1) * model.classes.count)]))
                let label = split.label(place)
                let classes = ranking.likeliest(probabilities, top: top)
                loss -= log(Double(probabilities[label]))
                correct += classes.first?.index == label ? 1 : 0
                return Prediction(picture: place, label: label, classes: classes)
            }
            try replies.predictions(predictions)
            return (loss, correct)
        }
        guard isDone else { return nil }
        return RunResult(
            images: position.count, loss: finite(position.lossSum / Double(position.count)),
            accuracy: Double(position.correct) / Double(position.count))
    }

    private func forEachChunk(
        _ position: inout Checkpoint.Position,
        _ body: (Range<Int>, [UnsafePointer<UInt8>]) throws -> (lossSum: Double, correct: Int)
    ) throws -> Bool {
        var meter = Meter(epochs: 1, steps: split.count, perEpoch: split.count)
        for start in stride(from: 0, to: split.count, by: Self.chunk) {
            if inbox.stopRequested { return false }
            let places = start..<min(start + Self.chunk, split.count)
            let part = try body(
                places, places.map { split.picture($0).baseAddress!.assumingMemoryBound(to: UInt8.self) })
            position.step = places.upperBound
            position.count = places.upperBound
            position.lossSum += part.lossSum
            position.correct += part.correct
            if meter.isDue(after: places.count) { try replies.progress(meter.progress(position, nil)) }
        }
        return true
    }
}

/// Classes by their probability.
struct Ranking {
    let classes: [String]

    /// The likeliest ones, likeliest first; of equals the first.
    func likeliest(_ probabilities: [Float], top: Int) -> [ClassProbability] {
        probabilities.indices.sorted { (probabilities[$1], $0) < (probabilities[$0], $1) }.prefix(top).map {
            ClassProbability(index: $0, name: classes[$0], probability: Double(probabilities[$0]))
        }
    }
}
