internal import Datasets
internal import SqueezeNet
internal import SqzProtocol

/// Gathers what is found of pictures whose classes are known, one picture after the other.
struct Measuring {
    private let classes: [String]
    /// How many mistakes are listed, and examples.
    private let listed: Int
    private var pictures: [Int]
    private var correct: [Int]
    private var predicted: [Int]
    private var amongFive = 0
    private var bins = CalibrationBins()
    /// By label * classes + predicted class.
    private var cells: [Int: Int] = [:]
    /// The worst first.
    private var mistakes: [MeasuredPicture] = []
    /// The best of each class.
    private var examples: [MeasuredPicture?]

    init(classes: [String], listed: Int) {
        self.classes = classes
        self.listed = listed
        pictures = Array(repeating: 0, count: classes.count)
        correct = pictures
        predicted = pictures
        examples = Array(repeating: nil, count: classes.count)
    }

    /// Adds a picture.
    /// - Precondition: the label is a class.
    mutating func add(logits: ArraySlice<Float>, label: Int, place: Int) {
        let logits = Array(logits)
        // The first of equals, as `Evaluation` has it.
        let best = logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }
        pictures[label] += 1
        predicted[best] += 1
        correct[label] += best == label ? 1 : 0
        cells[label * classes.count + best, default: 0] += 1
        let before = logits.indices.count {
            logits[$0] > logits[label] || $0 < label && logits[$0] == logits[label]
        }
        amongFive += before < Self.few ? 1 : 0
        let probabilities = softmax(logits)
        // Of a model whose numbers overflow nothing can be said.
        guard probabilities[best].isFinite, probabilities[label].isFinite else { return }
        let probability = Double(probabilities[best])
        bins.add(probability, isCorrect: best == label)
        list(
            MeasuredPicture(
                picture: place, label: label, predicted: best, probability: probability,
                labelProbability: Double(probabilities[label])))
    }

    private static let few = 5

    private mutating func list(_ picture: MeasuredPicture) {
        guard picture.label != picture.predicted else {
            if let before = examples[picture.label], before.probability >= picture.probability { return }
            examples[picture.label] = picture
            return
        }
        if mistakes.count == listed, let last = mistakes.last, picture.probability <= last.probability { return }
        let place = mistakes.firstIndex { picture.probability > $0.probability } ?? mistakes.endIndex
        mistakes.insert(picture, at: place)
        if mistakes.count > listed { mistakes.removeLast() }
    }

    // What it came to

    /// The expected calibration error.
    var calibrationError: Double? { bins.error }

    var byClass: [ClassFigures] {
        classes.enumerated().map {
            ClassFigures(name: $1, pictures: pictures[$0], correct: correct[$0], predicted: predicted[$0])
        }
    }

    /// - Parameter split: of which the pictures' places are.
    func measurement(_ name: DatasetSplit, of split: MappedDataset.Split) -> Measurement {
        var names = split.names
        func named(_ picture: MeasuredPicture) -> MeasuredPicture {
            var picture = picture
            picture.file = names?.name(of: picture.picture)
            return picture
        }
        let count = pictures.reduce(0, +)
        let (cells, rest) = confusion
        return Measurement(
            split: name, topFive: classes.count > Self.few ? Double(amongFive) / Double(count) : nil,
            calibrationError: calibrationError, calibration: bins.bins, confusion: cells,
            confusionRest: rest > 0 ? rest : nil, mistakes: mistakes.map(named),
            examples: examples.compactMap(\.self).prefix(listed).map(named))
    }

    private var confusion: (cells: [ConfusionCell], rest: Int) {
        let sorted = cells.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let kept = sorted.prefix(Limits.confusionCells).sorted { $0.key < $1.key }
        let cells = kept.map {
            ConfusionCell(label: $0.key / classes.count, predicted: $0.key % classes.count, pictures: $0.value)
        }
        return (cells, sorted.dropFirst(Limits.confusionCells).reduce(0) { $0 + $1.value })
    }
}

/// How sure a model was, and how often it was right then.
struct CalibrationBins {
    /// As in Guo et al., On Calibration of Modern Neural Networks (2017), section 2: bin m holds what lies in ((m-1)/15, m/15].
    private static let count = 15
    private var pictures = Array(repeating: 0, count: count)
    private var correct = Array(repeating: 0, count: count)
    private var sums = Array(repeating: 0.0, count: count)

    mutating func add(_ probability: Double, isCorrect: Bool) {
        let scaled = Int((probability * Double(Self.count)).rounded(.up))
        let bin = min(max(scaled, 1), Self.count) - 1
        pictures[bin] += 1
        correct[bin] += isCorrect ? 1 : 0
        sums[bin] += probability
    }

    var bins: [CalibrationBin] {
        (0..<Self.count).map {
            CalibrationBin(
                pictures: pictures[$0], correct: correct[$0],
                probability: pictures[$0] > 0 ? min(sums[$0] / Double(pictures[$0]), 1) : nil)
        }
    }

    /// The expected calibration error; nil without pictures.
    var error: Double? {
        let count = pictures.reduce(0, +)
        guard count > 0 else { return nil }
        return (0..<Self.count).reduce(0) { $0 + abs(Double(correct[$1]) - sums[$1]) } / Double(count)
    }
}
