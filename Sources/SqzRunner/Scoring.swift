internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// An evaluation or prediction job: a model over a data set's test pictures, or what it was not trained on where there are none.
/// It needs no checkpoint: one that is stopped begins anew and comes to the same.
struct Scoring {
    private let model: ModelFile
    private let classifier: Classifier
    private let measured: Measured
    private let warning: String?
    private let inbox: Inbox
    private let replies: RunReplies

    /// Pictures between two looks at whether to stop.
    private static let chunk = 500

    init(model path: String, dataset: String, threads: Int, inbox: Inbox, replies: RunReplies) throws {
        let model = try ModelFile(path: path)
        self.model = model
        let dataset = try MappedDataset(ofJob: dataset)
        if let mismatch = JobKind.mismatch(of: dataset.classes, with: model.classes) {
            throw SqzError.badData(file: "data set", reason: mismatch)
        }
        // Numbers in place of names fit any classes; they are the model's for certain where the data set is that of its training.
        let numbers = model.classes.indices.map(String.init)
        let isKnown = [dataset.train, dataset.test].contains { split in
            split.map { model.training?.isOf($0) == true } ?? false
        }
        warning = (dataset.classes == numbers || model.classes == numbers) && !isKnown ? Self.trust : nil
        measured = Measured(of: dataset, by: model.training)
        classifier = try Classifier(
            network: model.network, weights: model.weights, preprocessing: model.preprocessing, threads: threads)
        self.inbox = inbox
        self.replies = replies
    }

    private static let trust =
        "classes were compared by their number only, since one side has no names for them; the figures may mean nothing"

    /// nil if it was asked to stop.
    func evaluate() throws -> RunResult? {
        try forEachChunk { places, pictures in
            classifier.evaluate(pictures, labels: places.map { measured.split.label($0) })
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
                let label = measured.split.label(place)
                evaluation.add(logits: own, label: label)
                return Prediction(
                    picture: place, label: label, classes: ranking.likeliest(softmax(Array(own)), top: top))
            }
            try replies.predictions(predictions)
            return evaluation
        }
    }

    private func forEachChunk(_ body: (ArraySlice<Int>, [Picture]) throws -> Evaluation) throws -> RunResult? {
        var position = Checkpoint.Position(epoch: 1)
        let count = measured.places.count
        var meter = Meter(epochs: 1, steps: count, perEpoch: count)
        for start in stride(from: 0, to: count, by: Self.chunk) {
            if inbox.stopRequested { return nil }
            let places = measured.places[start..<min(start + Self.chunk, count)]
            position.sums += try body(places, places.map { Picture($0, of: measured.split) })
            position.step = places.endIndex
            if meter.isDue(after: places.count) { try replies.progress(meter.progress(position)) }
        }
        return RunResult(
            images: position.count, loss: finite(position.sums.meanLoss), accuracy: position.sums.accuracy,
            measured: measured.description, warning: warning)
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
