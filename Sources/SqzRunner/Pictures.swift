internal import Datasets
internal import SqueezeNet

extension SqueezeNet.Picture {
    /// A picture of a data set, valid for as long as that is.
    init(_ index: Int, of split: Datasets.Dataset.Split) {
        self.init(cifar: split.picture(index))
    }

    /// The picture of a CIFAR record.
    init(cifar planes: UnsafeRawBufferPointer) {
        self.init(planes: planes, width: Datasets.Picture.side, height: Datasets.Picture.side)
    }
}
