internal import SqueezeNet
internal import SqzProtocol

/// Which pictures training mirrors.
enum Flip: String, CaseIterable, OptionValue {
    case none
    case random
    case alternating
}

extension Augmentation {
    var flip: Flip {
        get { !flips ? .none : alternates ? .alternating : .random }
        set { (flips, alternates) = (newValue != .none, newValue == .alternating) }
    }

    var crop: Crop { part == nil ? .window : .resized }
}

extension Recipe {
    /// Its numbers as options, written as on a command line. What it has not, such as Adam's momentum, is none.
    var options: [String: String] {
        let (momentum, weightDecay) = optimizer.numbers
        let options: [String: String?] = [
            "epochs": epochs.text, "batch-size": batchSize.text, "learning-rate": learningRate.text,
            "schedule": schedule.shape.text, "warm-up": schedule.warmUp.text, "optimizer": optimizer.name.text,
            "momentum": momentum?.text, "weight-decay": weightDecay?.text, "label-smoothing": labelSmoothing.text,
            "ema": averageDecay.text, "dropout": usesDropout.text, "logit-relu": rectifiesScores.text,
            "normalization-group": normalizationGroup.text, "crop": augmentation.crop.text,
            "flip": augmentation.flip.text, "cutout": augmentation.cutout.text,
        ]
        return options.compactMapValues { $0 }
    }
}

extension Recipe.Name {
    /// What `--recipe` stands for.
    var preset: Preset { Preset(option: "recipe", value: rawValue, help: help, defaults: Recipe(self).options) }

    /// Zeros around pictures that are not resized. In tens of epochs what is trained is never seen often enough to be known by heart: larger
    /// ones only make it harder.
    var usualPadding: Int { self == .tutorial ? 4 : 2 }

    private var help: String {
        switch self {
        case .tutorial: "As the tutorial has it: Adam at one learning rate."
        case .quick: "For few epochs."
        case .strong: "For the best model that the epochs allow."
        }
    }
}
