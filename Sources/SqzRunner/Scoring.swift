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
    private let views: TestViews
    /// How many mistakes are listed.
    private let listed: Int
    /// How many classes are kept for each picture.
    private let top: Int
    /// Who does it: each computes its share of every chunk's logits, and has all of them.
    private let ranks: Ranks
    private let inbox: Inbox
    private let replies: RunReplies

    /// Pictures between two looks at whether to stop.
    private static let chunk = 500

    init(
        model path: String, dataset: String, _ options: some ScoringOptions, inbox: Inbox, replies: RunReplies,
        ranks: Ranks
    ) throws {
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
        measured = try Measured(options.split, of: dataset, by: model.training)
        classifier = try model.classifier(threads: options.threads)
        views = options.views
        listed = options.mistakes
        top = options.top
        self.ranks = ranks
        self.inbox = inbox
        self.replies = replies
    }

    private static let trust =
        "classes were compared by their number only, since one side has no names for them; the figures may mean nothing"

    /// All that must be the same on every rank for the same bits to come of it.
    var beginning: String {
        "kernels \(Kernels.selected), \(measured.places.count) pictures, weights \(model.weightsSha256)"
    }

    /// nil if it was asked to stop.
    func evaluate() throws -> RunResult? { try score { _, _ in } }

    /// nil if it was asked to stop.
    func predict() throws -> RunResult? {
        let text = try ClassificationText(classes: model.classes)
        let count = model.classes.count
        var names = measured.split.names
        return try score { places, logits in
            // As many in a reply as a message's size asks for.
            var predictions: [UInt8] = []
            for (row, place) in places.enumerated() {
                let before = predictions.count
                if before > 0 { predictions.append(UInt8(ascii: ",")) }
                let start = predictions.count
                try softmax(Array(logits[(row * count)..<((row + 1) * count)])).withUnsafeBufferPointer {
                    try text.append(
                        $0, top: top, picture: place, label: measured.split.label(place), file: names?.name(of: place),
                        to: &predictions)
                }
                if predictions.count > Limits.predictionBytesPerReply, before > 0 {
                    try replies.predictions(predictions[..<before])
                    predictions.removeFirst(start)
                }
            }
            try replies.predictions(predictions[...])
        }
    }

    /// - Parameter tell: gets the places of some pictures, and the logits by which they are told apart.
    private func score(_ tell: (ArraySlice<Int>, [Float]) throws -> Void) throws -> RunResult? {
        var position = Checkpoint.Position(epoch: 1)
        var flipped = Evaluation()
        var found = Measuring(classes: model.classes, listed: listed)
        let count = measured.places.count
        var meter = Meter(epochs: 1, steps: count, perEpoch: count)
        let classify = ranks.sharing { [classifier] (pictures: [Picture]) in classifier.classify(pictures) }
        let classifyMirrored = ranks.sharing { [classifier] (pictures: [Picture]) in
            classifier.classify(pictures, mirrored: true)
        }
        for start in stride(from: 0, to: count, by: Self.chunk) {
            if ranks.asked(inbox).stop { return nil }
            let places = measured.places[start..<min(start + Self.chunk, count)]
            let pictures = places.map { Picture($0, of: measured.split) }
            let plain = classify(pictures)
            position.sums += evaluation(of: plain, places) { found.add(logits: $0, label: $1, place: $2) }
            var logits = plain
            if views == .flip {
                logits = Classifier.means(plain, classifyMirrored(pictures))
                flipped += evaluation(of: logits, places) { _, _, _ in }
            }
            // What the others would tell, nobody hears.
            if ranks.isFirst { try tell(places, logits) }
            position.step = places.endIndex
            if meter.isDue(after: places.count) { try replies.progress(meter.progress(position)) }
        }
        return RunResult(
            images: position.count, loss: finite(position.sums.meanLoss), accuracy: position.sums.accuracy,
            measured: measured.description, warning: warning, byClass: found.byClass,
            flipped: views == .flip ? Figures(loss: finite(flipped.meanLoss), accuracy: flipped.accuracy) : nil,
            measurement: found.measurement(measured.name, of: measured.split))
    }

    /// - Parameter each: gets each picture's logits, label and place.
    private func evaluation(
        of logits: [Float], _ places: ArraySlice<Int>, _ each: (ArraySlice<Float>, Int, Int) -> Void
    ) -> Evaluation {
        let count = model.classes.count
        var evaluation = Evaluation()
        for (row, place) in places.enumerated() {
            let (logits, label) = (logits[(row * count)..<((row + 1) * count)], measured.split.label(place))
            evaluation.add(logits: logits, label: label)
            each(logits, label, place)
        }
        return evaluation
    }
}

/// Classes by their probability, likeliest first; of equals the first.
enum Ranking {
    /// So many are found sooner by looking at each class once than by sorting all.
    private static let few = 16

    static func likeliest(_ probabilities: UnsafeBufferPointer<Float>, top: Int) -> [Int] {
        guard top <= few else {
            return Array(
                probabilities.indices.sorted { (probabilities[$1], $0) < (probabilities[$0], $1) }.prefix(top))
        }
        var found: [Int] = []
        for index in probabilities.indices {
            if found.count == top, let last = found.last, probabilities[index] <= probabilities[last] { continue }
            let place = found.firstIndex { probabilities[index] > probabilities[$0] } ?? found.endIndex
            found.insert(index, at: place)
            if found.count > top { found.removeLast() }
        }
        return found
    }
}
