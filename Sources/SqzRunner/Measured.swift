internal import Datasets
internal import ModelFiles

/// The pictures of a data set that a model is measured on: test pictures, else those that were held out of its training.
struct Measured {
    let split: MappedDataset.Split
    /// In the order of the data set.
    let places: [Int]
    /// Which they are, for people.
    let description: String

    init(of dataset: MappedDataset, by record: TrainingRecord?) {
        guard dataset.test == nil, let record, record.heldOut > 0, record.isOf(dataset.train) else {
            split = dataset.test ?? dataset.train
            places = Array(0..<split.count)
            description = Self.describe(dataset, record)
            return
        }
        split = dataset.train
        places = HeldOut(record.heldOut, of: split.count, seed: record.seed).places
        description = "those held out of training"
    }

    /// All pictures of a split.
    private static func describe(_ dataset: MappedDataset, _ record: TrainingRecord?) -> String {
        if dataset.test != nil { return "the test pictures" }
        guard let record else { return "all; its file does not say which of them the model was trained on" }
        return record.isOf(dataset.train)
            ? "all; the model was trained on them" : "all; the model was trained on another data set"
    }
}
