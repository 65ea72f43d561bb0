internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// The pictures that a training does not see.
struct Validation {
    let split: MappedDataset.Split
    let name: DatasetSplit
    let places: [Int]
    /// How many pictures the largest class has.
    let commonest: Int

    init(split: MappedDataset.Split, _ name: DatasetSplit, places: [Int]) {
        self.split = split
        self.name = name
        self.places = places
        let counts = places.reduce(into: [:]) { $0[split.label($1), default: 0] += 1 }
        commonest = counts.values.max() ?? 0
    }

    var examples: [Example] { places.map { Example($0, of: split) } }

    /// - Parameter logits: computes those of examples.
    func evaluate(_ kept: KeptFeatures?, _ logits: ([Example]) -> [Float]) -> Evaluation {
        var evaluation = Evaluation()
        forEach(kept, logits) { logits, label, _ in evaluation.add(logits: logits, label: label) }
        return evaluation
    }

    /// All that is found, of the classes of these names.
    func measure(_ classes: [String], _ kept: KeptFeatures?, _ logits: ([Example]) -> [Float]) -> Measuring {
        var measuring = Measuring(classes: classes, listed: Limits.mistakesListed)
        forEach(kept, logits) { measuring.add(logits: $0, label: $1, place: $2) }
        return measuring
    }

    /// Hands over each picture's logits, label and place.
    private func forEach(
        _ kept: KeptFeatures?, _ logits: ([Example]) -> [Float], _ body: (ArraySlice<Float>, Int, Int) -> Void
    ) {
        var examples = examples
        for place in examples.indices { examples[place].features = kept?.features(place) }
        let logits = logits(examples)
        let classes = logits.count / examples.count
        for (row, place) in places.enumerated() {
            body(logits[row * classes..<(row + 1) * classes], examples[row].label, place)
        }
    }
}

extension Checkpoint.EndedEpoch {
    /// Whether it validates better: by accuracy, of equal ones by loss.
    func isBetter(than other: Checkpoint.EndedEpoch) -> Bool {
        if validation.accuracy != other.validation.accuracy {
            return validation.accuracy > other.validation.accuracy
        }
        return validation.lossSum < other.validation.lossSum
    }
}

/// JSON has no NaN: what is not finite is not said.
func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
