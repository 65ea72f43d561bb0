internal import Crypto
internal import Files
internal import FoundationEssentials
internal import Glibc
internal import Safetensors
public import SqueezeNet
internal import Varlink

/// All that a training needs to go on, bit for bit, where it was. Checkpoints are files in a directory of their own job, the
/// two newest of which are kept; each carries a checksum over all that it says.
public struct Checkpoint: Sendable {
    /// Where a training is, and what it has summed up in this epoch.
    public struct Position: Codable, Equatable, Sendable {
        /// From 1.
        public var epoch: Int
        /// Steps done in this epoch.
        public var step: Int
        public var lossSum: Double
        public var correct: Int
        public var count: Int

        public init(epoch: Int, step: Int = 0, lossSum: Double = 0, correct: Int = 0, count: Int = 0) {
            self.epoch = epoch
            self.step = step
            self.lossSum = lossSum
            self.correct = correct
            self.count = count
        }

        /// What this epoch came to so far.
        public var sums: Evaluation {
            get { Evaluation(lossSum: lossSum, correct: correct, count: count) }
            set { (lossSum, correct, count) = (newValue.lossSum, newValue.correct, newValue.count) }
        }
    }

    /// What an epoch came to.
    public struct EndedEpoch: Codable, Equatable, Sendable {
        /// At the epoch's end.
        public var position: Position
        public var validation: Evaluation
        /// Whether the validation found no more than guessing would; nil in checkpoints of versions that did not look.
        public var isNoBetterThanChance: Bool?

        public init(position: Position, validation: Evaluation, isNoBetterThanChance: Bool?) {
            self.position = position
            self.validation = validation
            self.isNoBetterThanChance = isNoBetterThanChance
        }
    }

    /// The epoch that validated best so far.
    public struct Best: Sendable {
        public var epoch: EndedEpoch
        /// As its model would have them; nil where only the epoch is asked for.
        public var weights: Weights?

        public init(epoch: EndedEpoch, weights: Weights?) {
            self.epoch = epoch
            self.weights = weights
        }
    }

    public var state: TrainerState
    /// How the training goes on, whatever its name means by then.
    public var recipe: Recipe
    public var position: Position
    /// The epochs that ended before, newest last: whoever was to be told of them may have gone before it wrote them down.
    /// Only the last thousand are kept, which are more than can be on their way.
    public var ended: [EndedEpoch]
    /// nil before the first epoch's end, and in checkpoints of versions that did not look.
    public var best: Best?

    public init(
        state: TrainerState, recipe: Recipe, position: Position, ended: [EndedEpoch] = [], best: Best? = nil
    ) {
        self.state = state
        self.recipe = recipe
        self.position = position
        self.ended = ended
        self.best = best
    }

    private static let keptEpochs = 1_000
    /// The first has no recipe; the second's does not say for how many epochs, nor of which batches; the third has no best epoch.
    private enum Format: String {
        case one = "sqzd-checkpoint-1"
        case two = "sqzd-checkpoint-2"
        case three = "sqzd-checkpoint-3"
        case four = "sqzd-checkpoint-4"
    }

    private static func prefix(_ phase: String?) -> String { (phase.map { $0 + "-" } ?? "") + "checkpoint-" }
    private static let kept = 2

    /// Writes the checkpoint into a directory, whole or not at all, and removes those that are older than the two newest.
    /// - Parameter phase: of a job that trains more than once, which time; its checkpoints are others'.
    public func write(in directory: String, phase: String? = nil) throws {
        let parts = Self.parts(of: state, recipe, best)
        func text(_ value: some Encodable) throws -> String { String(decoding: try JSON.encode(value), as: UTF8.self) }
        let (position, recipeText) = (try text(position), try text(recipe))
        let ended = try text(Array(ended.suffix(Self.keptEpochs)))
        let best = try best.map { try text($0.epoch) } ?? ""
        let writer = try SafetensorsWriter(
            path: directory + "/" + Self.name(steps: state.steps, phase),
            tensors: parts.map { TensorDeclaration(name: $0.name, type: .float32, shape: [$0.values.values.count]) },
            metadata: [
                "format": Format.four.rawValue, "steps": String(state.steps), "recipe": recipeText,
                "position": position, "ended": ended, "best": best,
                "sha256": Self.digest(parts, "\(state.steps) \(position)\(ended)\(recipeText)\(best)"),
            ])
        for (name, values) in parts { try values.withUnsafeBytes { try writer.write($0, to: name) } }
        try writer.commit()
        for old in try Self.names(in: directory, phase).dropFirst(Self.kept) {
            guard unlink("\(directory)/\(old)") == 0 else { throw ModelFileError("\(old) can't be removed") }
        }
    }

    /// The newest checkpoint in a directory that is whole; nil where there is none.
    /// - Parameters:
    ///   - recipe: the job's, of which older checkpoints lack something, or all.
    ///   - refused: is told of others and why.
    public static func newest(
        in directory: String, phase: String? = nil, for network: Network, recipe: Recipe,
        refused: (_ name: String, _ reason: String) -> Void
    ) throws -> Checkpoint? {
        for name in try names(in: directory, phase) {
            do {
                return try Checkpoint(path: "\(directory)/\(name)", network: network, recipe: recipe)
            } catch let error as SafetensorsError {
                refused(name, error.problem)
            } catch {
                refused(name, "\(error)")
            }
        }
        return nil
    }

    private init(path: String, network: Network, recipe: Recipe) throws {
        let file = try SafetensorsFile(mapping: path)
        guard let format = file.metadata["format"].flatMap(Format.init),
            let steps = file.metadata["steps"].flatMap(Int.init), let position = file.metadata["position"]
        else { throw ModelFileError("it is no checkpoint of this version") }
        func values(_ name: String) throws -> Weights {
            guard let tensor = file.tensors[name], tensor.type == .float32 else {
                throw ModelFileError("it has no \(name)")
            }
            return try Weights(network, values: Array(file.bytes(of: tensor).bindMemory(to: Float.self)))
        }
        func value<T: Decodable>(_ text: String) throws -> T {
            try JSON.decode(T.self, from: Array(text.utf8), unknownKeys: .refuse)
        }
        let recipeText = format == .one ? "" : file.metadata["recipe"] ?? ""
        var own = format == .one ? recipe : try value(recipeText)
        if format == .one || format == .two { (own.epochs, own.batchSize) = (recipe.epochs, recipe.batchSize) }
        guard own.epochs > 0, own.batchSize > 0 else {
            throw ModelFileError("\(own.epochs) epochs of batches of \(own.batchSize) can't be")
        }
        self.recipe = own
        state = TrainerState(
            weights: try values("weights"),
            slots: try Dictionary(uniqueKeysWithValues: own.optimizer.slots.map { ($0, try values($0)) }),
            average: own.averageDecay > 0 ? try values("average") : nil, steps: steps)
        // Checkpoints of 0.1.0 have none.
        let ended = file.metadata["ended"]
        let bestText = format == .four ? file.metadata["best"] ?? "" : ""
        if !bestText.isEmpty {
            best = Best(epoch: try value(bestText), weights: try file.tensors["best"].map { _ in try values("best") })
        }
        let place = "\(steps) \(position)\(ended ?? "")\(recipeText)\(bestText)"
        guard file.metadata["sha256"] == Self.digest(Self.parts(of: state, own, best), place) else {
            throw ModelFileError("its checksum does not fit")
        }
        self.position = try value(position)
        self.ended = try ended.map(value) ?? []
    }

    /// The tensors, in the order of their digest.
    private static func parts(
        of state: TrainerState, _ recipe: Recipe, _ best: Best?
    ) -> [(name: String, values: Weights)] {
        [("weights", state.weights)] + recipe.optimizer.slots.map { ($0, state.slots[$0]!) }
            + (state.average.map { [("average", $0)] } ?? []) + (best?.weights.map { [("best", $0)] } ?? [])
    }

    private static func digest(_ parts: [(name: String, values: Weights)], _ place: String) -> String {
        var hash = SHA256()
        hash.update(data: Array(place.utf8))
        for part in parts { part.values.withUnsafeBytes { hash.update(bufferPointer: $0) } }
        return hash.finalize().hexadecimal
    }

    /// Ten digits, so that the order of names is that of steps.
    private static func name(steps: Int, _ phase: String?) -> String {
        let digits = String(steps)
        return prefix(phase) + String(repeating: "0", count: max(0, 10 - digits.count)) + digits + ".safetensors"
    }

    /// The checkpoints' names, newest first.
    private static func names(in directory: String, _ phase: String?) throws -> [String] {
        do throws(FileError) {
            return try Directory.names(in: directory).filter {
                $0.hasPrefix(prefix(phase)) && $0.hasSuffix(".safetensors")
            }
            .reversed()
        } catch {
            throw ModelFileError("\(directory) can't be read")
        }
    }
}

extension Weights {
    /// The sha256 of the weights alone, little-endian, in the order of the network's parameters.
    public var sha256: String {
        withUnsafeBytes { bytes in
            var hash = SHA256()
            hash.update(bufferPointer: bytes)
            return hash.finalize().hexadecimal
        }
    }
}

extension ModelFile {
    /// The sha256 of the parameters alone, as they are computed with: of eight bits the weights, scales, biases
    /// and steps, and what an activation may be.
    public var weightsSha256: String {
        switch parameters {
        case .float32, .shared: return weights.sha256
        case .int8(let weights):
            var hash = SHA256()
            weights.values.withUnsafeBytes { hash.update(bufferPointer: $0) }
            weights.scales.withUnsafeBytes { hash.update(bufferPointer: $0) }
            weights.biases.withUnsafeBytes { hash.update(bufferPointer: $0) }
            weights.steps.map(\.size).withUnsafeBytes { hash.update(bufferPointer: $0) }
            let zeros = weights.steps.map(\.zero)
            if zeros.contains(where: { $0 > 0 }) { hash.update(data: zeros) }
            // Seven bits came first.
            if weights.activationBits == .eight { hash.update(data: [8]) }
            return hash.finalize().hexadecimal
        }
    }
}

extension SHA256.Digest {
    var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return String(flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
