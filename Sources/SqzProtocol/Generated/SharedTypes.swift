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
/// be used; it has no classes then.
public struct Classification: Codable, Equatable, Sendable {
    public var label: Int?
    public var classes: [ClassProbability]
    public var problem: String?

    public init(label: Int? = nil, classes: [ClassProbability], problem: String? = nil) {
        self.label = label
        self.classes = classes
        self.problem = problem
    }
}

/// How far a running job is. epoch counts from 1, step counts the steps done in this epoch. loss and accuracy are means
/// over the epoch so far, the validation values and the warning those of the last whole epoch.
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

    public init(
        epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double? = nil, accuracy: Double? = nil,
        validationLoss: Double? = nil, validationAccuracy: Double? = nil, imagesPerSecond: Double? = nil,
        secondsLeft: Double? = nil, warning: String? = nil
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
    }
}

/// One picture's prediction. picture counts from 0 in the order of the data set; label is the true class where it is
/// known; classes are the likeliest ones, likeliest first.
public struct Prediction: Codable, Equatable, Sendable {
    public var picture: Int
    public var label: Int?
    public var classes: [ClassProbability]

    public init(picture: Int, label: Int? = nil, classes: [ClassProbability]) {
        self.picture = picture
        self.label = label
        self.classes = classes
    }
}

/// integer, number, text or flag (true or false).
public enum OptionType: String, Codable, CaseIterable, Sendable {
    case integer, number, text, flag
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

/// An option of a kind of job. default is written as on a command line; absent where it depends on other options or
/// data. bounds hold beside minimum and maximum.
public struct JobOption: Codable, Equatable, Sendable {
    public var name: String
    public var type: OptionType
    public var help: String
    public var `default`: String?
    public var choices: [String]?
    public var minimum: Double?
    public var maximum: Double?
    public var bounds: [OptionBound]?

    public init(
        name: String, type: OptionType, help: String, `default`: String? = nil, choices: [String]? = nil,
        minimum: Double? = nil, maximum: Double? = nil, bounds: [OptionBound]? = nil
    ) {
        self.name = name
        self.type = type
        self.help = help
        self.default = `default`
        self.choices = choices
        self.minimum = minimum
        self.maximum = maximum
        self.bounds = bounds
    }
}

/// none: the job has nothing to do with models. used: it needs one. made: it makes one.
public enum ModelUse: String, Codable, CaseIterable, Sendable {
    case none, used, made
}

/// A kind of job that a runner offers. minimumPictures and minimumClasses are what its data set must have of both, for
/// training and testing together. sameClasses: the model that it uses must tell the data set's classes apart, the one
/// that it makes will.
public struct JobKind: Codable, Equatable, Sendable {
    public var name: String
    public var help: String
    public var dataset: Bool
    public var model: ModelUse
    public var options: [JobOption]
    public var minimumPictures: Int?
    public var minimumClasses: Int?
    public var sameClasses: Bool?

    public init(
        name: String, help: String, dataset: Bool, model: ModelUse, options: [JobOption], minimumPictures: Int? = nil,
        minimumClasses: Int? = nil, sameClasses: Bool? = nil
    ) {
        self.name = name
        self.help = help
        self.dataset = dataset
        self.model = model
        self.options = options
        self.minimumPictures = minimumPictures
        self.minimumClasses = minimumClasses
        self.sameClasses = sameClasses
    }
}

/// One layer. output is channels, height, width.
public struct Layer: Codable, Equatable, Sendable {
    public var name: String
    public var kind: String
    public var output: [Int]
    public var parameters: Int
    public var multiplyAdds: Int

    public init(name: String, kind: String, output: [Int], parameters: Int, multiplyAdds: Int) {
        self.name = name
        self.kind = kind
        self.output = output
        self.parameters = parameters
        self.multiplyAdds = multiplyAdds
    }
}
