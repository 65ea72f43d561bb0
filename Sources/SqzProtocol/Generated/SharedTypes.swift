// Made of protocol/*.varlink by `make generate`: change those.

/// How a picture of any shape becomes a square: the middle of it, all of it with black beside it, or all of it whatever
/// becomes of its proportions.
public enum PictureFit: String, Codable, CaseIterable, Sendable {
    case crop, pad, stretch
}

/// A picture that can't be read, and why.
public struct UnreadablePicture: Codable, Equatable, Sendable {
    public var file: String
    public var reason: String

    public init(file: String, reason: String) {
        self.file = file
        self.reason = reason
    }
}

/// Files that are no part of a data set, and why; example is the first of them by name.
public struct PassedOver: Codable, Equatable, Sendable {
    public var reason: String
    public var files: Int
    public var example: String

    public init(reason: String, files: Int, example: String) {
        self.reason = reason
        self.files = files
        self.example = example
    }
}

/// Which pictures of a data set: those to train with, or those to test with.
public enum DatasetSplit: String, Codable, CaseIterable, Sendable {
    case train, test
}

/// What an import of pictures came to: squares of so many pixels a side; what was passed over; how many pictures could
/// not be read and were left out; how many test pictures are training pictures too, byte for byte.
public struct ImportSummary: Codable, Equatable, Sendable {
    public var size: Int
    public var fit: PictureFit
    public var passedOver: [PassedOver]
    public var unreadable: Int
    public var duplicates: Int

    public init(size: Int, fit: PictureFit, passedOver: [PassedOver], unreadable: Int, duplicates: Int) {
        self.size = size
        self.fit = fit
        self.passedOver = passedOver
        self.unreadable = unreadable
        self.duplicates = duplicates
    }
}

public struct ClassProbability: Codable, Equatable, Sendable {
    public var index: Int
    public var name: String
    public var probability: Double

    public init(index: Int, name: String, probability: Double) {
        self.index = index
        self.name = name
        self.probability = probability
    }
}

/// label is the true class, where the picture came with one (a record of 3,073 bytes). problem is why the picture can't
/// be used; it has no classes then. again: the picture was not looked at, since those before it took what one call may;
/// send it again. The first picture of a call is always looked at, and after one that was not none was.
public struct Classification: Codable, Equatable, Sendable {
    public var label: Int?
    public var classes: [ClassProbability]
    public var problem: String?
    public var again: Bool?

    public init(label: Int? = nil, classes: [ClassProbability], problem: String? = nil, again: Bool? = nil) {
        self.label = label
        self.classes = classes
        self.problem = problem
        self.again = again
    }
}

/// How far a running job is. epoch counts from 1, step counts the steps done in this epoch. loss and accuracy are means
/// over the epoch so far, the validation values and the warning those of the last whole epoch. learningRate is that of
/// the last step.
public struct Progress: Codable, Equatable, Sendable {
    public var epoch: Int
    public var epochs: Int
    public var step: Int
    public var steps: Int
    public var loss: Double?
    public var accuracy: Double?
    public var validationLoss: Double?
    public var validationAccuracy: Double?
    public var imagesPerSecond: Double?
    public var secondsLeft: Double?
    public var warning: String?
    public var learningRate: Double?

    public init(
        epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double? = nil, accuracy: Double? = nil,
        validationLoss: Double? = nil, validationAccuracy: Double? = nil, imagesPerSecond: Double? = nil,
        secondsLeft: Double? = nil, warning: String? = nil, learningRate: Double? = nil
    ) {
        self.epoch = epoch
        self.epochs = epochs
        self.step = step
        self.steps = steps
        self.loss = loss
        self.accuracy = accuracy
        self.validationLoss = validationLoss
        self.validationAccuracy = validationAccuracy
        self.imagesPerSecond = imagesPerSecond
        self.secondsLeft = secondsLeft
        self.warning = warning
        self.learningRate = learningRate
    }
}

/// Why a training ended before its last epoch: so many epochs brought no gain, or it was told to finish.
public enum EarlyEnd: String, Codable, CaseIterable, Sendable {
    case noGain, finished
}

/// How many pictures of a class there were, how many of them were put into it, and how many pictures were put into it
/// in all. So its recall is correct / pictures, its precision correct / predicted.
public struct ClassFigures: Codable, Equatable, Sendable {
    public var name: String
    public var pictures: Int
    public var correct: Int
    public var predicted: Int?

    public init(name: String, pictures: Int, correct: Int, predicted: Int? = nil) {
        self.name = name
        self.pictures = pictures
        self.correct = correct
        self.predicted = predicted
    }
}

/// Pictures of the class label that were put into the class predicted.
public struct ConfusionCell: Codable, Equatable, Sendable {
    public var label: Int
    public var predicted: Int
    public var pictures: Int

    public init(label: Int, predicted: Int, pictures: Int) {
        self.label = label
        self.predicted = predicted
        self.pictures = pictures
    }
}

/// The pictures whose class was given a probability above (i - 1) / 15 and up to i / 15: how many, how many of them
/// were of this class, and their mean probability, absent where there are none.
public struct CalibrationBin: Codable, Equatable, Sendable {
    public var pictures: Int
    public var correct: Int
    public var probability: Double?

    public init(pictures: Int, correct: Int, probability: Double? = nil) {
        self.pictures = pictures
        self.correct = correct
        self.probability = probability
    }
}

/// A picture of the class label that was put into the class predicted, and what both were given. picture and file are
/// as in Prediction.
public struct MeasuredPicture: Codable, Equatable, Sendable {
    public var picture: Int
    public var label: Int
    public var predicted: Int
    public var probability: Double
    public var labelProbability: Double
    public var file: String?

    public init(
        picture: Int, label: Int, predicted: Int, probability: Double, labelProbability: Double, file: String? = nil
    ) {
        self.picture = picture
        self.label = label
        self.predicted = predicted
        self.probability = probability
        self.labelProbability = labelProbability
        self.file = file
    }
}

/// What was found of pictures whose classes are known, beside loss and accuracy. split says which pictures are
/// numbered. topFive is the share of the pictures whose class is among the five likeliest, where there are more than
/// five classes. calibration are fifteen bins, calibrationError the expected calibration error that they come to (Guo
/// et al. 2017): the mean difference between probability and accuracy. confusion counts, by label and then by predicted
/// class; of more than 16,384 kinds those are left out that have fewest pictures, and confusionRest says how many
/// pictures they have. mistakes are the pictures in a wrong class, those first that were given the highest probability;
/// examples the one of each class that was put into it with the highest.
public struct Measurement: Codable, Equatable, Sendable {
    public var split: DatasetSplit
    public var topFive: Double?
    public var calibrationError: Double?
    public var calibration: [CalibrationBin]
    public var confusion: [ConfusionCell]
    public var confusionRest: Int?
    public var mistakes: [MeasuredPicture]
    public var examples: [MeasuredPicture]

    public init(
        split: DatasetSplit, topFive: Double? = nil, calibrationError: Double? = nil, calibration: [CalibrationBin],
        confusion: [ConfusionCell], confusionRest: Int? = nil, mistakes: [MeasuredPicture], examples: [MeasuredPicture]
    ) {
        self.split = split
        self.topFive = topFive
        self.calibrationError = calibrationError
        self.calibration = calibration
        self.confusion = confusion
        self.confusionRest = confusionRest
        self.mistakes = mistakes
        self.examples = examples
    }
}

/// Loss, top-1 accuracy, and the expected calibration error where that is what changed.
public struct Figures: Codable, Equatable, Sendable {
    public var loss: Double?
    public var accuracy: Double?
    public var calibrationError: Double?

    public init(loss: Double? = nil, accuracy: Double? = nil, calibrationError: Double? = nil) {
        self.loss = loss
        self.accuracy = accuracy
        self.calibrationError = calibrationError
    }
}

/// One picture's prediction. picture counts from 0 in the order of the data set; label is the true class where it is
/// known; classes are the likeliest ones, likeliest first; file is the path that the picture had in what was imported.
public struct Prediction: Codable, Equatable, Sendable {
    public var picture: Int
    public var label: Int?
    public var classes: [ClassProbability]
    public var file: String?

    public init(picture: Int, label: Int? = nil, classes: [ClassProbability], file: String? = nil) {
        self.picture = picture
        self.label = label
        self.classes = classes
        self.file = file
    }
}

/// integer, number, text or flag (true or false).
public enum OptionType: String, Codable, CaseIterable, Sendable {
    case integer, number, text, flag, model
}

/// What an option may be where another one, given or by default, has one of these values, written as on a command line.
public struct OptionBound: Codable, Equatable, Sendable {
    public var option: String
    public var values: [String]
    public var minimum: Double?
    public var maximum: Double?

    public init(option: String, values: [String], minimum: Double? = nil, maximum: Double? = nil) {
        self.option = option
        self.values = values
        self.minimum = minimum
        self.maximum = maximum
    }
}

/// An option of a kind of job. One of type model names a model as `base` does, and is settled to NAME@VERSION. default
/// is written as on a command line; absent where it depends on other options or data. baseDefault stands for it where a
/// model is tuned. bounds hold beside minimum and maximum. base: true of an option that makes sense only where a model
/// is tuned, false of one that comes with that model.
public struct JobOption: Codable, Equatable, Sendable {
    public var name: String
    public var type: OptionType
    public var help: String
    public var `default`: String?
    public var choices: [String]?
    public var minimum: Double?
    public var maximum: Double?
    public var bounds: [OptionBound]?
    public var base: Bool?
    public var baseDefault: String?

    public init(
        name: String, type: OptionType, help: String, `default`: String? = nil, choices: [String]? = nil,
        minimum: Double? = nil, maximum: Double? = nil, bounds: [OptionBound]? = nil, base: Bool? = nil,
        baseDefault: String? = nil
    ) {
        self.name = name
        self.type = type
        self.help = help
        self.default = `default`
        self.choices = choices
        self.minimum = minimum
        self.maximum = maximum
        self.bounds = bounds
        self.base = base
        self.baseDefault = baseDefault
    }
}

/// What a value of an option stands for: the defaults of other options, written as on a command line, where none are
/// given.
public struct Preset: Codable, Equatable, Sendable {
    public var option: String
    public var value: String
    public var help: String
    public var defaults: [String: String]

    public init(option: String, value: String, help: String, defaults: [String: String]) {
        self.option = option
        self.value = value
        self.help = help
        self.defaults = defaults
    }
}

/// none: the job has nothing to do with models. used: it needs one. made: it makes one.
public enum ModelUse: String, Codable, CaseIterable, Sendable {
    case none, used, made
}

/// A kind of job that a runner offers. minimumPictures and minimumClasses are what its data set must have of both, for
/// training and testing together. sameClasses: the model that it uses must tell the data set's classes apart, the one
/// that it makes will. tunes: it may begin with the weights of another model, its base. named: its runs are told what
/// the data set and the model are called. presets: what values of an option stand for. finishes: its jobs can be ended
/// early, with a model of what they have. needsBase: what it makes is made of its base. ranks: of how many processes a
/// job may be; absent: of one.
public struct JobKind: Codable, Equatable, Sendable {
    public var name: String
    public var help: String
    public var dataset: Bool
    public var model: ModelUse
    public var options: [JobOption]
    public var minimumPictures: Int?
    public var minimumClasses: Int?
    public var sameClasses: Bool?
    public var tunes: Bool?
    public var named: Bool?
    public var presets: [Preset]?
    public var finishes: Bool?
    public var needsBase: Bool?
    public var ranks: [Int]?

    public init(
        name: String, help: String, dataset: Bool, model: ModelUse, options: [JobOption], minimumPictures: Int? = nil,
        minimumClasses: Int? = nil, sameClasses: Bool? = nil, tunes: Bool? = nil, named: Bool? = nil,
        presets: [Preset]? = nil, finishes: Bool? = nil, needsBase: Bool? = nil, ranks: [Int]? = nil
    ) {
        self.name = name
        self.help = help
        self.dataset = dataset
        self.model = model
        self.options = options
        self.minimumPictures = minimumPictures
        self.minimumClasses = minimumClasses
        self.sameClasses = sameClasses
        self.tunes = tunes
        self.named = named
        self.presets = presets
        self.finishes = finishes
        self.needsBase = needsBase
        self.ranks = ranks
    }
}

/// One layer. output is channels, height, width. kernel, stride and padding are those of a convolution's or a pool's
/// window, the same both ways.
public struct Layer: Codable, Equatable, Sendable {
    public var name: String
    public var kind: String
    public var output: [Int]
    public var parameters: Int
    public var multiplyAdds: Int
    public var kernel: Int?
    public var stride: Int?
    public var padding: Int?

    public init(
        name: String, kind: String, output: [Int], parameters: Int, multiplyAdds: Int, kernel: Int? = nil,
        stride: Int? = nil, padding: Int? = nil
    ) {
        self.name = name
        self.kind = kind
        self.output = output
        self.parameters = parameters
        self.multiplyAdds = multiplyAdds
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
    }
}

/// How a model was made, as its file says it, which is its author's word and checked by nobody: by which version of
/// sqzd; if it was trained, with so many pictures of a data set, and so many to validate, the options that decide what
/// comes out, for so many epochs; epoch is the one whose weights it has, of which the figures are, lastEpoch the one in
/// which the training ended; base is the model that was tuned, or brought to so many bits, or whose logits were divided
/// by a temperature, NAME@VERSION there and then, and the sha256 of its weights. If it was imported, of a file of which
/// format, from where, and what was taken for granted. When, by whom and in which job, Model says where it was made.
public struct Generation: Codable, Equatable, Sendable {
    public var version: String?
    public var dataset: String?
    public var datasetSha256: String?
    public var pictures: Int?
    public var validated: Int?
    public var options: [String: String]?
    public var epochs: Int?
    public var seed: Int?
    public var loss: Double?
    public var accuracy: Double?
    public var validationLoss: Double?
    public var validationAccuracy: Double?
    public var base: String?
    public var baseWeightsSha256: String?
    public var format: String?
    public var origin: String?
    public var remarks: [String]?
    public var epoch: Int?
    public var lastEpoch: Int?
    public var bits: Int?
    public var temperature: Double?

    public init(
        version: String? = nil, dataset: String? = nil, datasetSha256: String? = nil, pictures: Int? = nil,
        validated: Int? = nil, options: [String: String]? = nil, epochs: Int? = nil, seed: Int? = nil,
        loss: Double? = nil, accuracy: Double? = nil, validationLoss: Double? = nil, validationAccuracy: Double? = nil,
        base: String? = nil, baseWeightsSha256: String? = nil, format: String? = nil, origin: String? = nil,
        remarks: [String]? = nil, epoch: Int? = nil, lastEpoch: Int? = nil, bits: Int? = nil, temperature: Double? = nil
    ) {
        self.version = version
        self.dataset = dataset
        self.datasetSha256 = datasetSha256
        self.pictures = pictures
        self.validated = validated
        self.options = options
        self.epochs = epochs
        self.seed = seed
        self.loss = loss
        self.accuracy = accuracy
        self.validationLoss = validationLoss
        self.validationAccuracy = validationAccuracy
        self.base = base
        self.baseWeightsSha256 = baseWeightsSha256
        self.format = format
        self.origin = origin
        self.remarks = remarks
        self.epoch = epoch
        self.lastEpoch = lastEpoch
        self.bits = bits
        self.temperature = temperature
    }
}
