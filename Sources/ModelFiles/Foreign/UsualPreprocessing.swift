internal import Bitmaps
public import SqueezeNet

/// What pictures go through by an origin's usage. The raw values are the words of `--preprocessing`.
public enum UsualPreprocessing: String, CaseIterable, Sendable {
    /// The shorter side resized to 256, the central 224, mean and deviation of ImageNet's pictures.
    case torchvision
    /// Stretched to 256×256 as the pictures of its training were, the central 227, blue first, minus ImageNet's mean.
    case caffe
    /// As keras-squeezenet has it, which took Caffe's weights: stretched to the input, blue first, minus ImageNet's mean. At 224, where
    /// each of Keras' pools takes its whole input: at 227 a row would be left over, which ours take.
    case keras
    /// The shorter side to 32, each picture by its own mean and deviation.
    case tutorial

    public var preprocessing: Preprocessing {
        get throws(EngineError) {
            switch self {
            case .torchvision:
                try Preprocessing(size: 224, squares: [.init(.crop, side: 256)], normalization: .imageNet)
            case .caffe:
                try Preprocessing(
                    size: 227, squares: [.init(.stretch, side: 256)], channels: .bgr, normalization: .caffe)
            case .keras:
                // Source: `imagenet_utils.preprocess_input`, mode caffe, in github.com/keras-team/keras.
                try Preprocessing(
                    size: 224, squares: [.init(.stretch, side: 224)], channels: .bgr,
                    normalization: .perChannel(mean: [103.939, 116.779, 123.68], scale: [1, 1, 1]))
            case .tutorial: try Preprocessing(size: 32, squares: [.init(.crop, side: 32)])
            }
        }
    }
}
