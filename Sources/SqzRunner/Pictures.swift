internal import Datasets
internal import SqueezeNet

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
