internal import Crypto
public import Datasets

/// What a model knows of its training, so that nobody measures it later on pictures that it was trained on.
public struct TrainingRecord: Codable, Equatable, Sendable {
    /// Tells the data set's training pictures from others, however they were imported and whatever their classes are called.
    public let pictures: String
    public let seed: UInt64
    /// How many of them were held out for validation, chosen by the seed; 0 where there were test pictures.
    public let heldOut: Int
    /// A validation at the training's end found no more than guessing would.
    public let isNoBetterThanChance: Bool
    /// What was added to the classifier's biases at the training's end (`Weights.lift`); nil where nothing was.
    public internal(set) var lift: Float?

    public init(
        of pictures: MappedDataset.Split, seed: UInt64, heldOut: Int, isNoBetterThanChance: Bool, lift: Float? = nil
    ) {
        self.pictures = Self.digest(pictures)
        self.seed = seed
        self.heldOut = heldOut
        self.isNoBetterThanChance = isNoBetterThanChance
        self.lift = lift
    }

    /// Whether these are the pictures of the training.
    public func isOf(_ pictures: MappedDataset.Split) -> Bool {
        heldOut < pictures.count && self.pictures == Self.digest(pictures)
    }

    /// - Throws: `ModelFileError` if a number makes no sense.
    func validate() throws(ModelFileError) {
        guard heldOut >= 0 else { throw ModelFileError("its training.heldOut is \(heldOut); right would be 0 or more") }
        if let lift, !(lift.isFinite && lift > 0) {
            throw ModelFileError("its training.lift is \(lift); right would be a finite number above 0")
        }
        guard pictures.utf8.count == 64 else {
            throw ModelFileError(
                "its training.pictures has \(pictures.utf8.count) bytes; right would be the 64 of a sha256")
        }
    }

    /// Over all labels, and some pictures: where these are the same the others are, and 30 GB need not be read for it.
    private static func digest(_ pictures: MappedDataset.Split) -> String {
        var hash = SHA256()
        hash.update(data: Array("\(pictures.count) \(pictures.width) \(pictures.height)".utf8))
        hash.update(bufferPointer: pictures.labelBytes)
        let count = min(pictures.count, sampled)
        for index in 0..<count { hash.update(bufferPointer: pictures.picture(index * pictures.count / count)) }
        return hash.finalize().hexadecimal
    }

    private static let sampled = 1_024
}
