internal import Varlink

/// Where a model comes from, as its file says it: what its author says, which nothing here relies on. No time, job or user is in
/// it, so that the same training gives the same file; those stand where the model was registered.
public struct History: Equatable, Sendable {
    /// How one model was made: trained, or imported of another program's file. What does not apply is nil.
    public struct Generation: Codable, Equatable, Sendable {
        /// An option and its value, as texts: in order, unlike a dictionary's.
        public struct Choice: Codable, Equatable, Sendable {
            public let name: String
            public let value: String

            public init(name: String, value: String) {
                self.name = name
                self.value = value
            }
        }

        /// Of sqzd.
        public var version: String?
        /// What users called the data set, and its file's checksum.
        public var dataset: String?
        public var datasetSha256: String?
        /// How many pictures were learnt, and how many measured after each epoch.
        public var pictures: Int?
        public var validated: Int?
        /// Those that decide what comes out.
        public var options: [Choice]?
        public var epochs: Int?
        public var seed: Int?
        /// Of so many epochs the one whose weights the model has, and the one in which the training ended.
        public var epoch: Int?
        public var lastEpoch: Int?
        /// Of that epoch.
        public var loss: Double?
        public var accuracy: Double?
        public var validationLoss: Double?
        public var validationAccuracy: Double?
        /// The model that was tuned, as users called it, and the checksum of its weights.
        public var base: String?
        public var baseWeightsSha256: String?
        /// Of an import: the file's format, what made it, and what was taken for granted.
        public var format: String?
        public var origin: String?
        public var remarks: [String]?
        /// How many bits a weight has since, where the model was brought to fewer.
        public var bits: Int?
        /// What its logits were divided by, where the model was calibrated.
        public var temperature: Double?

        public init(version: String?) { self.version = version }
    }

    /// How the model was made, then how that was made that it was tuned from, and so on; at least one.
    public let generations: [Generation]

    /// - Parameter older: of the model that was tuned. Of too long a history the oldest goes.
    public init(_ newest: Generation, after older: History? = nil) throws {
        var generations = ([newest] + (older?.generations ?? [])).prefix(ModelFileLimits.generations).map(\.shortened)
        while generations.count > 1, try Self.text(of: generations).count > ModelFileLimits.historyBytes {
            generations.removeLast()
        }
        self.generations = generations
    }
}

extension History {
    /// How a remark begins where the file of another program did not say what pictures go through.
    static let preprocessingRemark = "the file does not say what pictures go through"

    /// Whether what pictures go through was taken for granted: in an import, whose model may have been tuned since.
    public var assumesPreprocessing: Bool {
        generations.contains { $0.remarks?.contains { $0.hasPrefix(Self.preprocessingRemark) } ?? false }
    }

    /// Of a model whose user has said it since.
    var withPreprocessingSaid: History {
        History(
            generations: generations.map { generation in
                var generation = generation
                let rest = generation.remarks?.filter { !$0.hasPrefix(Self.preprocessingRemark) }
                generation.remarks = rest?.isEmpty == true ? nil : rest
                return generation
            })
    }

    private init(generations: [Generation]) { self.generations = generations }

    private static func text(of generations: [Generation]) throws -> [UInt8] { try JSON.encode(generations) }

    /// As it stands in a file.
    var text: String { get throws { String(decoding: try Self.text(of: generations), as: UTF8.self) } }

    /// - Throws: `ModelFileError` for what can't be a history, by its place.
    init(text: String) throws {
        let key = "its history"
        guard text.utf8.count <= ModelFileLimits.historyBytes else {
            throw ModelFileError(
                "\(key) has \(text.utf8.count) bytes; at most \(ModelFileLimits.historyBytes) are taken")
        }
        do throws(JSONError) {
            generations = try JSON.decode([Generation].self, from: Array(text.utf8), unknownKeys: .refuse)
        } catch {
            throw ModelFileError(error.sentence(about: key))
        }
        guard (1...ModelFileLimits.generations).contains(generations.count) else {
            throw ModelFileError(
                "\(key) has \(generations.count) generations; right would be 1 to \(ModelFileLimits.generations)")
        }
        for (place, generation) in generations.enumerated() { try generation.check("\(key)[\(place)]") }
    }
}

extension History.Generation {
    private typealias Limits = ModelFileLimits

    /// Every text in it.
    private func map(_ body: (String, _ name: String) throws -> String) rethrows -> Self {
        var copy = self
        copy.version = try version.map { try body($0, "version") }
        copy.dataset = try dataset.map { try body($0, "dataset") }
        copy.datasetSha256 = try datasetSha256.map { try body($0, "datasetSha256") }
        copy.options = try options?.map {
            Choice(name: try body($0.name, "options.name"), value: try body($0.value, "options.value"))
        }
        copy.base = try base.map { try body($0, "base") }
        copy.baseWeightsSha256 = try baseWeightsSha256.map { try body($0, "baseWeightsSha256") }
        copy.format = try format.map { try body($0, "format") }
        copy.origin = try origin.map { try body($0, "origin") }
        copy.remarks = try remarks?.map { try body($0, "remarks") }
        return copy
    }

    /// With texts that a file may have.
    fileprivate var shortened: Self {
        var copy = self
        copy.options = options.map { Array($0.prefix(Limits.historyOptions)) }
        copy.remarks = remarks.map { Array($0.prefix(Limits.historyRemarks)) }
        return copy.map { text, _ in text.plain(bytes: Limits.historyTextBytes) }
    }

    /// - Throws: `ModelFileError` for what is too long, is no text for people, or is no number of such a thing.
    fileprivate func check(_ place: String) throws {
        _ = try map { text, name in
            guard text.utf8.count <= Limits.historyTextBytes else {
                throw ModelFileError(
                    "\(place).\(name) has \(text.utf8.count) bytes; at most \(Limits.historyTextBytes) are taken")
            }
            guard !text.unicodeScalars.contains(where: \.isControl) else {
                throw ModelFileError("\(place).\(name) has a control character")
            }
            return text
        }
        for (name, count, most) in [
            ("options", options?.count, Limits.historyOptions), ("remarks", remarks?.count, Limits.historyRemarks),
        ] {
            guard let count, count > most else { continue }
            throw ModelFileError("\(place).\(name) has \(count) elements; at most \(most) are taken")
        }
        for (name, value) in [
            ("pictures", pictures), ("validated", validated), ("epochs", epochs), ("seed", seed), ("epoch", epoch),
            ("lastEpoch", lastEpoch), ("bits", bits),
        ] {
            guard let value, value < 0 || name != "seed" && value > Limits.historyCount else { continue }
            let right = name == "seed" ? "0 or more" : "0 to \(Limits.historyCount)"
            throw ModelFileError("\(place).\(name) is \(value); right would be \(right)")
        }
        for (name, value) in [("loss", loss), ("validationLoss", validationLoss)] {
            guard let value, value < 0 else { continue }
            throw ModelFileError("\(place).\(name) is \(value); right would be 0 or more")
        }
        if let temperature, !(temperature > 0) {
            throw ModelFileError("\(place).temperature is \(temperature); right would be above 0")
        }
        let names = options?.map(\.name) ?? []
        if let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
            throw ModelFileError("\(place).options[\(twice)].name is \(names[twice]), which stands there before")
        }
        for (name, value) in [("accuracy", accuracy), ("validationAccuracy", validationAccuracy)] {
            guard let value, !(0...1).contains(value) else { continue }
            throw ModelFileError("\(place).\(name) is \(value); right would be 0 to 1")
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { properties.generalCategory == .control }
}

extension String {
    /// Without control characters, and cut to so many bytes.
    fileprivate func plain(bytes: Int) -> String {
        var (text, size) = ("", 0)
        for scalar in unicodeScalars {
            let kept: Unicode.Scalar = scalar.isControl ? "\u{FFFD}" : scalar
            size += kept.utf8.count
            guard size <= bytes else { break }
            text.unicodeScalars.append(kept)
        }
        return text
    }
}
