internal import SqueezeNet
internal import SqzProtocol

/// What a training is told.
struct TrainOptions: JobOptions {
    @Option("arch", help: "The network.")
    var architecture = Architecture.squeezenetCIFAR
    @Option("bypass", help: "Connections around fire modules.")
    var bypass = Bypass.none
    @Option("recipe", help: "How it is trained.")
    var recipeName = Recipe.Name.tutorial
    @Option("epochs", minimum: 1, maximum: 100_000, help: "How often every picture is seen.")
    var epochs = 10
    @Option("batch-size", minimum: 1, maximum: 8_192, help: "Pictures in one step.")
    var batchSize = 128
    @Option("learning-rate", minimum: 1e-9, maximum: 10, help: "Adam's learning rate.")
    var learningRate = Recipe.tutorial.learningRate
    @Option("seed", minimum: 0, help: "The same seed gives the same weights, bit for bit.")
    var seed: UInt64 = 1
    @Option(
        "resize", minimum: Double(smallestSize), maximum: 224, bounds: boundsOfSize,
        help: "Crops pictures to this size: at random in training, else the centre.")
    var size = 32
    @Option(
        "pad", minimum: 0, maximum: 16,
        help: "Zeros around a picture before it is cropped at random; 4 by default, 0 with resize.")
    var chosenPadding: Int? = nil
    @Option(
        "validation-share", minimum: 0.001, maximum: 0.5,
        help: "The share of the pictures that is kept for validation where the data set has no test pictures.")
    var validationShare = 0.1
    @Option(.threads) var chosenThreads: Int?

    private static let smallestSize = 8

    /// Networks whose pools need more than the smallest size.
    private static let boundsOfSize = Dictionary(grouping: Architecture.allCases, by: Network.smallestInput).sorted {
        $0.key < $1.key
    }.filter { $0.key > smallestSize }.map { smallest, architectures in
        OptionBound(option: "arch", values: architectures.map(\.rawValue), minimum: Double(smallest))
    }

    /// The one that was named, with what the options say of it.
    var recipe: Recipe {
        var recipe = Recipe(recipeName)
        if _learningRate.isGiven { recipe.learningRate = learningRate }
        recipe.augmentation.padding = chosenPadding ?? (_size.isGiven ? 0 : 4)
        return recipe
    }
}
