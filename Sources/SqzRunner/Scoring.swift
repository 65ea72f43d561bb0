internal import Datasets
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
        if let mismatch = JobKind.mismatch(of: dataset.classes, with: model.classes) {
            throw SqzError.badData(file: "data set", reason: mismatch)
        }
        split = dataset.test ?? dataset.train
        classifier = try Classifier(
            network: model.network, weights: model.weights, preprocessing: model.preprocessing, threads: threads)
        self.inbox = inbox
        self.replies = replies
    }

    /// nil if it was asked to stop.
    func evaluate() throws -> RunResult? {
        try forEachChunk { places, pictures in
            classifier.evaluate(pictures, labels: places.map { split.label($0) })
        }
    }

    /// nil if it was asked to stop.
    func predict(top: Int) throws -> RunResult? {
        let ranking = Ranking(classes: model.classes)
        let count = model.classes.count
        return try forEachChunk { places, pictures in
            let logits = classifier.classify(pictures)
            var evaluation = Evaluation()
            let predictions = places.enumerated().map { row, place in
                let own = logits[(row * count)..<((row + 1) * count)]
                let label = split.label(place)
                evaluation.add(logits: own, label: label)
                return Prediction(
                    picture: place, label: label, classes: ranking.likeliest(softmax(Array(own)), top: top))
            }
            try replies.predictions(predictions)
            return evaluation
        }
    }

    private func forEachChunk(_ body: (Range<Int>, [Picture]) throws -> Evaluation) throws -> RunResult? {
        var position = Checkpoint.Position(epoch: 1)
        var meter = Meter(epochs: 1, steps: split.count, perEpoch: split.count)
        for start in stride(from: 0, to: split.count, by: Self.chunk) {
            if inbox.stopRequested { return nil }
            let places = start..<min(start + Self.chunk, split.count)
            position.sums += try body(places, places.map { Picture($0, of: split) })
            position.step = places.upperBound
            if meter.isDue(after: places.count) { try replies.progress(meter.progress(position, nil)) }
        }
        return RunResult(position.sums, images: position.count)
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
