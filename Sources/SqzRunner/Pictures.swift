internal import Datasets
internal import SqueezeNet
internal import SqzProtocol

extension MappedDataset {
    /// A job's data set. An error does not say its path, which users do not know it by.
    convenience init(ofJob path: String) throws(SqzError) {
        do {
            try self.init(path: path)
        } catch {
            throw .badData(file: "data set", reason: error.problem)
        }
    }
}

extension Example {
    /// A picture of a data set, valid for as long as that is.
    init(_ index: Int, of split: MappedDataset.Split) {
        self.init(picture: Picture(index, of: split), label: split.label(index), index: index)
    }
}

extension Picture {
    /// A picture of a data set, valid for as long as that is.
    init(_ index: Int, of split: MappedDataset.Split) {
        self.init(planes: split.picture(index), width: split.width, height: split.height)
    }
}
