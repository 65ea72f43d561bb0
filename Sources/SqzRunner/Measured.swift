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
        split = dataset.test ?? dataset.train
        // One data set's test pictures may be another's training pictures.
        let isTrainedOn = record?.isOf(split) == true
        if let record, isTrainedOn, record.heldOut > 0 {
            places = HeldOut(record.heldOut, of: split.count, seed: record.seed).places
            description = "those held out of training"
            return
        }
        places = Array(0..<split.count)
        description =
            switch (dataset.test, record) {
            case _ where isTrainedOn: "all; the model was trained on them"
            case (_?, _): "the test pictures"
            case (nil, nil): "all; its file does not say which of them the model was trained on"
            case (nil, _?): "all; the model was trained on another data set"
            }
    }
}
