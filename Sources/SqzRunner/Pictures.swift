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

extension Picture {
    /// A picture of a data set, valid for as long as that is.
    init(_ index: Int, of split: MappedDataset.Split) {
        self.init(planes: split.picture(index), width: split.width, height: split.height)
    }

    /// The pixels of a `PictureRecord`.
    init(record planes: UnsafeRawBufferPointer) {
        self.init(planes: planes, width: PictureRecord.side, height: PictureRecord.side)
    }
}
