internal import SqueezeNet
internal import SqzProtocol

/// What a quantization is told.
struct QuantizeOptions: JobOptions {
    @Option(
        "bits", minimum: 4, maximum: 8,
        help: "How many a weight has; those of the first and the last layer, which are few and lose most, have eight.")
    var bits = 8
    @Option(
        "pictures", minimum: 1, maximum: 4_096,
        help: "How many training pictures, evenly spread, say how large activations become.")
    var pictures = usualPictures
    @Option(
        "calibration",
        help: """
            How much of an activation's range is kept: maximum is all that occurred, percentile all but one value of 10,000, error so \
            much that the mean squared error is least.
            """)
    var calibration = Calibration.Rule.error
    @Option(
        "finetune", minimum: 0, maximum: 1_000,
        help: """
            Epochs in which the weights learn to be whole numbers, taught by the model (quantization-aware training, straight-through).
            """)
    var epochs = 0
    @Option(.threads) var chosenThreads: Int?

    static let usualPictures = 512
}
