internal import Datasets
internal import Safetensors
public import SqueezeNet

/// A trained model: everything that classifying needs, and how it was made.
public struct ModelFile: Sendable {
    public var network: Network
    public var preprocessing: Preprocessing
    /// Models of 0.1.0 do not say their learning rate: it stands here as the tutorial has it.
    public var recipe: Recipe
    /// Names, as many as the network has classes.
    public var classes: [String]
    public var weights: Weights
    /// nil in models of versions that kept none.
    public var training: TrainingRecord?

    public init(
        network: Network, preprocessing: Preprocessing, recipe: Recipe, classes: [String], weights: Weights,
        training: TrainingRecord? = nil
    ) {
        self.network = network
        self.preprocessing = preprocessing
        self.recipe = recipe
        self.classes = classes
        self.weights = weights
        self.training = training
    }

    /// Reads and checks a file of any of the formats that are known: it may come from anybody. An error does not say its path,
    /// which users do not know it by.
    public init(path: String) throws(ModelFileError) {
        do {
            self = try ModelFormat.of(path).read(path)
            try ClassNames.checkEach(classes)
            try training?.validate()
        } catch let error as ModelFileError {
            throw error
        } catch let error as SafetensorsError {
            throw ModelFileError(error.problem)
        } catch let error as DatasetError {
            throw ModelFileError(error.problem)
        } catch {
            throw ModelFileError("\(error)")
        }
    }

    /// Writes the file whole or not at all.
    public func write(to path: String) throws { try SafetensorsModel.write(self, to: path) }
}

/// Why a file is not the model or the checkpoint that it should be.
public struct ModelFileError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ reason: String) { description = reason }
}
