internal import Datasets
internal import ModelFiles
internal import SqzProtocol

/// Which of a data set's pictures a model is measured on.
enum MeasuredSplit: String, CaseIterable, OptionValue {
    case train
    case validation
    case test
}

/// The pictures of a data set that a model is measured on: those of the split that was asked for; else test pictures, else those
/// that were held out of its training.
struct Measured {
    let split: MappedDataset.Split
    let name: DatasetSplit
    /// In the order of the data set.
    let places: [Int]
    /// Which they are, for people.
    let description: String
    /// Whether the model's file says that it was trained on them.
    var wereLearnt: Bool { [Self.learnt, Self.trainedOn].contains(description) }

    /// - Throws: `SqzError.invalidOption` where there are none of that split.
    init(_ wanted: MeasuredSplit?, of dataset: MappedDataset, by record: TrainingRecord?) throws {
        switch wanted {
        case nil: self.init(of: dataset, by: record)
        case .train: self.init(trainedOn: dataset.train, by: record)
        case .validation:
            guard let held = Self.held(of: dataset.train, by: record) else {
                throw Self.refusal(
                    wanted, "nothing of this data set was held out of the model's training",
                    dataset.test == nil ? "train" : "test")
            }
            self.init(split: dataset.train, .train, places: held.places, description: Self.heldOut)
        case .test:
            guard let test = dataset.test else {
                throw Self.refusal(
                    wanted, "the data set has no test pictures",
                    Self.held(of: dataset.train, by: record) == nil ? "train" : "validation")
            }
            self.init(
                split: test, .test, places: Array(0..<test.count),
                description: record?.isOf(test) == true ? Self.trainedOn : Self.tests)
        }
    }

    /// What a model was validated on, where its file says it: a model that is made of it is compared on the same.
    init(validating dataset: MappedDataset, by record: TrainingRecord?) throws {
        try self.init(Self.held(of: dataset.train, by: record) == nil ? nil : .validation, of: dataset, by: record)
    }

    /// Those of a split that a model was trained on, else all of it.
    static func trained(of split: MappedDataset.Split, by record: TrainingRecord?) -> [Int] {
        held(of: split, by: record)?.others ?? Array(0..<split.count)
    }

    private static let heldOut = "those held out of training"
    private static let learnt = "those that the model was trained on"
    private static let trainedOn = "all; the model was trained on them"
    private static let tests = "the test pictures"

    private static func refusal(_ wanted: MeasuredSplit?, _ reason: String, _ right: String) -> SqzError {
        .invalidOption(option: "split", reason: "\(wanted?.rawValue ?? "none"): \(reason); right would be \(right)")
    }

    private init(split: MappedDataset.Split, _ name: DatasetSplit, places: [Int], description: String) {
        self.split = split
        self.name = name
        self.places = places
        self.description = description
    }

    /// nil where these are not the pictures of the training, or all of them were trained on.
    private static func held(of split: MappedDataset.Split, by record: TrainingRecord?) -> HeldOut? {
        guard let record, record.heldOut > 0, record.isOf(split) else { return nil }
        return HeldOut(record.heldOut, of: split.count, seed: record.seed)
    }

    private init(trainedOn train: MappedDataset.Split, by record: TrainingRecord?) {
        if let held = Self.held(of: train, by: record) {
            self.init(split: train, .train, places: held.others, description: Self.learnt)
            return
        }
        self.init(
            split: train, .train, places: Array(0..<train.count),
            description: record?.isOf(train) == true ? Self.trainedOn : "the training pictures")
    }

    private init(of dataset: MappedDataset, by record: TrainingRecord?) {
        let split = dataset.test ?? dataset.train
        let name = dataset.test == nil ? DatasetSplit.train : .test
        // One data set's test pictures may be another's training pictures.
        if let held = Self.held(of: split, by: record) {
            self.init(split: split, name, places: held.places, description: Self.heldOut)
            return
        }
        let description =
            switch (dataset.test, record) {
            case _ where record?.isOf(split) == true: Self.trainedOn
            case (_?, _): Self.tests
            case (nil, nil): "all; its file does not say which of them the model was trained on"
            case (nil, _?): "all; the model was trained on another data set"
            }
        self.init(split: split, name, places: Array(0..<split.count), description: description)
    }
}
