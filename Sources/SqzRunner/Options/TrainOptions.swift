internal import Bitmaps
internal import SqueezeNet
internal import SqzProtocol

/// How training crops pictures.
enum Crop: String, CaseIterable, OptionValue {
    case window
    case resized
}

/// Which epoch's weights a training's model has.
enum KeptEpoch: String, CaseIterable, OptionValue {
    case best
    case last
}

/// By how much each class's pictures count in the loss.
enum ClassWeighting: String, CaseIterable, OptionValue {
    case none
    case balanced

    /// Of balanced classes each counts as much as any other, and a picture 1 on average.
    /// - Parameter labels: those of the pictures that are trained on.
    func weights(_ labels: some Sequence<Int>, classes: Int) -> [Float]? {
        guard self == .balanced else { return nil }
        var counts = [Int](repeating: 0, count: classes)
        for label in labels { counts[label] += 1 }
        let (pictures, present) = (counts.reduce(0, +), counts.count { $0 > 0 })
        return counts.map { $0 == 0 ? 0 : Float(Double(pictures) / Double(present * $0)) }
    }
}

/// What of a model keeps its weights.
struct Frozen: RawRepresentable, CaseIterable, OptionValue, Equatable {
    let rawValue: String

    static let none = Frozen(rawValue: "none")!
    static let features = Frozen(rawValue: "features")!
    /// No network here has more modules than the last and its classifier.
    static let allCases = [none, features] + (1...8).map { Frozen(rawValue: String($0))! }

    init?(rawValue: String) { self.rawValue = rawValue }

    func modules(of network: Network) -> Int? {
        self == .none ? nil : Int(rawValue) ?? network.modules
    }
}

/// What a training is told.
struct TrainOptions: JobOptions {
    @Option("arch", base: false, help: "The network.")
    var architecture = Architecture.squeezenetCIFAR
    @Option(
        "width", minimum: Double(Network.allowedWidths.lowerBound), maximum: Double(Network.allowedWidths.upperBound),
        base: false, help: "Times as many filters as the network has, for a teacher: 2 is four times the work.")
    var width = 1
    @Option("bypass", base: false, help: "Connections around fire modules.")
    var bypass = Bypass.none
    @Option(
        "recipe", tuning: .tutorial, help: "How it is trained: what the other options are where they are not given.")
    var recipeName = Recipe.Name.strong
    @Option("epochs", minimum: 1, maximum: 100_000, help: "How often every picture is seen.")
    var epochs: Int? = nil
    @Option("batch-size", minimum: 1, maximum: 8_192, help: "Pictures in one step.")
    var batchSize: Int? = nil
    @Option(
        "learning-rate", minimum: 1e-9, maximum: 10,
        help: "The largest learning rate; an optimizer other than the recipe's needs another.")
    var learningRate: Float? = nil
    @Option("schedule", help: "How the learning rate goes on after the warm-up; cosine and linear go down to zero.")
    var schedule: Schedule.Shape? = nil
    @Option("warm-up", minimum: 0, maximum: 0.9, help: "The share of the steps in which the learning rate rises.")
    var warmUp: Float? = nil
    @Option("optimizer", help: "How weights follow their gradients; sgd and muon have Nesterov's momentum.")
    var optimizer: Optimizer.Name? = nil
    @Option(
        "momentum", minimum: 0, maximum: 0.999,
        bounds: [OptionBound(option: "optimizer", values: ["adam", "adamw"], maximum: 0)],
        help: "Of sgd and muon; 0.9 and 0.95 where the recipe has another optimizer.")
    var momentum: Float? = nil
    @Option(
        "weight-decay", minimum: 0, maximum: 1,
        bounds: [OptionBound(option: "optimizer", values: ["adam"], maximum: 0)],
        help: """
            Of all weights but biases; 0.01 of adamw, 0.0005 of sgd and 0.005 of muon where the recipe has another optimizer.
            """)
    var weightDecay: Float? = nil
    @Option("label-smoothing", minimum: 0, maximum: 0.9, help: "The share of the target that all classes get.")
    var labelSmoothing: Float? = nil
    @Option(
        "ema", minimum: 0, maximum: 0.99999,
        help: "The model is an average of the weights, of which each step keeps this share; 0 is none.")
    var averageDecay: Float? = nil
    @Option("dropout", help: "Drops half of what the classifier sees.")
    var usesDropout: Bool? = nil
    @Option(
        "logit-relu",
        help: """
            Trains with the tutorial's ReLU behind the classifier. A model that was trained without has it all the same, and its \
            scores pass it unchanged.
            """)
    var rectifiesScores: Bool? = nil
    @Option(
        "normalization-group", minimum: 0, maximum: 256, base: false,
        help: """
            Pictures whose statistics batch normalization takes together; 0 is no normalization. The model has none: it is folded \
            into the convolutions.
            """)
    var normalizationGroup: Int? = nil
    @Option(
        "class-weights",
        help: """
            By how much a picture counts in the loss: each the same, or, balanced, the more the fewer there are of its class, 1 on \
            average.
            """)
    var classWeights = ClassWeighting.none
    @Option(
        "teacher",
        help: """
            A model of ours whose answers are learnt beside the labels: for the same classes and the same size of pictures, as of a \
            training with a larger width.
            """)
    var teacher: NamedModel? = nil
    @Option(
        "teacher-share", minimum: 0, maximum: 1,
        help: "With a teacher: its share of the loss; the labels have the rest.")
    var teacherShare: Float = 0.9
    @Option(
        "temperature", minimum: 0.1, maximum: 100,
        help: "With a teacher: what the logits of both are divided by; the higher, the more unlikely classes count.")
    var temperature: Float = 4
    @Option(
        "keep",
        help: """
            Of which epoch the model is: the one that validated best, by accuracy and then by loss, or the last. Where the data set has \
            test pictures, these validate, unless a validation share is held out.
            """)
    var keep = KeptEpoch.best
    @Option(
        "stop-early", minimum: 1, maximum: 100_000,
        help: "Ends after so many epochs in which none validated better.")
    var stopEarly: Int? = nil
    @Option("seed", minimum: 0, help: "The same seed gives the same weights, bit for bit.")
    var seed: UInt64 = 1
    @Option(
        "resize", minimum: Double(smallestSize), maximum: 224, bounds: boundsOfSize,
        help: """
            The network's input, in pixels a side: pictures are resized where they are much larger or smaller, and cropped; 32 by \
            default, for the ImageNet networks up to 224 if the pictures have them.
            """)
    var chosenSize: Int? = nil
    @Option(
        "crop",
        help: """
            How training crops: a window at a random place, or resized, a random part brought to size, as torchvision's.
            """)
    var crop: Crop? = nil
    @Option(
        "flip",
        help: "Which pictures are mirrored: half of them, drawn anew each epoch, or each one every other epoch.")
    var flip: Flip? = nil
    @Option("cutout", minimum: 0, maximum: 224, help: "Pixels a side of a square that is cut out of each picture.")
    var cutout: Int? = nil
    @Option(
        "pad", minimum: 0, maximum: 16,
        bounds: [OptionBound(option: "crop", values: [Crop.resized.rawValue], maximum: 0)],
        help: "Zeros around a picture before a window is cropped; 2 by default, 4 of tutorial, 0 with resize.")
    var chosenPadding: Int? = nil
    @Option(
        "validation-share", minimum: 0.001, maximum: 0.5,
        help: """
            The share of the training pictures that is held out to validate with; by default none where the data set has test \
            pictures, which validate then, else 0.1.
            """)
    var validationShare: Double? = nil
    @Option(
        "freeze", base: true,
        help: """
            What of the model in --from keeps its weights: none, the features (all but the classifier, computed once), or the first \
            modules (the first convolution, then fire modules).
            """)
    var frozen = Frozen.none
    @Option(
        "views", minimum: 1, maximum: 64, base: true,
        help: """
            With freeze features: as how many pictures, cropped and mirrored at random, each one is learnt; 1 is the picture as it \
            is.
            """)
    var views = 1
    @Option(
        "backbone-learning-rate", minimum: 1e-9, maximum: 10, base: true,
        help: "With --from: the learning rate of all but the classifier; by default a tenth of the learning rate.")
    var backboneLearningRate: Float? = nil
    @Option(
        "reset-classifier", base: true,
        help: "With --from: learns the classifier anew, also where the classes are the model's.")
    var resetsClassifier = false
    @Option(.threads) var chosenThreads: Int?

    private static let smallestSize = 8

    /// Networks whose pools need more than the smallest size.
    private static let boundsOfSize = Dictionary(grouping: Architecture.allCases, by: Network.smallestInput).sorted {
        $0.key < $1.key
    }.filter { $0.key > smallestSize }.map { smallest, architectures in
        OptionBound(option: "arch", values: architectures.map(\.rawValue), minimum: Double(smallest))
    }

    /// The one that was named, with what the options say of it.
    /// - Parameter model: what is tuned.
    func recipe(tuning model: Network? = nil) -> Recipe {
        var recipe = Recipe(recipeName)
        func set<Value>(_ member: WritableKeyPath<Recipe, Value>, _ value: Value?) {
            if let value { recipe[keyPath: member] = value }
        }
        set(\.epochs, epochs)
        set(\.batchSize, batchSize)
        set(\.learningRate, learningRate)
        set(\.schedule.shape, schedule)
        set(\.schedule.warmUp, warmUp)
        if let optimizer, optimizer != recipe.optimizer.name { recipe.optimizer = Optimizer(optimizer) }
        recipe.optimizer = recipe.optimizer.with(momentum: momentum, weightDecay: weightDecay)
        set(\.labelSmoothing, labelSmoothing)
        set(\.averageDecay, averageDecay)
        set(\.usesDropout, usesDropout)
        set(\.rectifiesScores, rectifiesScores)
        set(\.normalizationGroup, normalizationGroup)
        set(\.augmentation.flip, flip)
        set(\.augmentation.cutout, cutout)
        if teacher != nil { recipe.distillation = Distillation(temperature: temperature, share: teacherShare) }
        switch crop ?? recipe.augmentation.crop {
        case .window:
            recipe.augmentation.part = nil
            recipe.augmentation.padding =
                chosenPadding ?? (chosenSize == nil && model == nil ? recipeName.usualPadding : 0)
        case .resized: recipe.augmentation.part = recipe.augmentation.part ?? Augmentation.RandomPart()
        }
        if let model {
            recipe.normalizationGroup = 0
            recipe.frozenModules = frozen.modules(of: model)
            recipe.backboneLearningRate = backboneLearningRate ?? recipe.learningRate / 10
        }
        return recipe
    }

    /// - Throws: `SqzError.invalidOption` for numbers of a teacher where there is none.
    func checkTeacher() throws(SqzError) {
        guard teacher == nil else { return }
        for (name, isGiven) in [("teacher-share", _teacherShare.isGiven), ("temperature", _temperature.isGiven)]
        where isGiven {
            throw .invalidOption(option: name, reason: "is of a teacher, and none is named (--teacher)")
        }
    }

    /// - Throws: `SqzError.invalidOption` for what can't be frozen, or kept.
    func check(tuning model: Network) throws(SqzError) {
        if let modules = frozen.modules(of: model), modules > model.modules {
            throw .invalidOption(
                option: "freeze",
                reason: "\(model.name) has \(model.modules) modules; right would be fewer")
        }
        if teacher != nil, frozen == .features {
            throw .invalidOption(
                option: "teacher", reason: "sees pictures, and --freeze features keeps what was made of them once")
        }
        if _views.isGiven, frozen != .features {
            throw .invalidOption(option: "views", reason: "are of features that are kept; --freeze features keeps them")
        }
    }

    /// What pictures of a data set go through.
    /// - Parameters:
    ///   - side: rows and columns of the pictures.
    ///   - fit: how they became squares.
    ///   - model: what is tuned, and what its pictures went through.
    func preprocessing(side: Int, fit: Fit?, tuning model: Preprocessing? = nil) throws -> Preprocessing {
        let own = Square(fit ?? .crop, side: side)
        if let model, chosenSize == nil {
            let squares = model.squares.first == own ? model.squares : [own] + model.squares.suffix(2)
            return try Preprocessing(
                size: model.size, squares: squares, channels: model.channels, normalization: model.normalization)
        }
        let size =
            chosenSize ?? max(Self.usualSize, architecture == .squeezenetCIFAR ? 0 : min(side, Self.imageNetSize))
        var squares = [own]
        // A window that shows as much as the usual one is cut from the picture as it is: the tutorial's shows 24 of 32 pixels of a
        // record, ImageNet's 224 of a photograph's 256.
        let isSmall = fit == nil ? 3 * side > 4 * size : 7 * side > 8 * size
        if size > side + 2 * recipe().augmentation.padding || isSmall {
            squares.append(Square(.crop, side: Int((Double(size) * 256 / 224).rounded())))
        }
        return try Preprocessing(
            size: size, squares: squares, channels: model?.channels ?? .rgb,
            normalization: model?.normalization ?? .perImage)
    }

    private static let usualSize = 32
    private static let imageNetSize = 224
}
