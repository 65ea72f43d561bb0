internal import ModelFiles
internal import SqzProtocol
internal import Varlink

extension History {
    /// Of a model that was another program's.
    init(importedFrom format: String, _ origin: String, remarks: [String]) throws {
        var generation = Generation(version: Version.current)
        generation.format = format
        generation.origin = origin
        generation.remarks = remarks.isEmpty ? nil : remarks
        try self.init(generation)
    }
}

extension History.Generation {
    /// Of a training, before it is known what it came to.
    /// - Parameter base: the model that is tuned.
    init(_ run: RunnerInterface.Run.Parameters, of kind: JobKind, _ options: TrainOptions, tuning base: ModelFile?) {
        self.init(version: Version.current)
        dataset = run.datasetName
        datasetSha256 = run.datasetSha256
        let tuning = base != nil
        let recipe =
            run.options["recipe"]?.text
            ?? kind.options.first { $0.name == "recipe" }?.default(tuning: tuning)
        let preset = kind.presets?.first { $0.option == "recipe" && $0.value == recipe }
        self.options = kind.options.compactMap { option in
            guard !Self.saidElsewhere.contains(option.name), option.base != !tuning else { return nil }
            let value =
                run.options[option.name]?.text ?? option.default(tuning: tuning) ?? preset?.defaults[option.name]
            return value.map { Choice(name: option.name, value: $0) }
        }
        seed = Int(options.seed)
        self.base = tuning ? run.modelName : nil
        baseWeightsSha256 = base?.weightsSha256
    }

    /// How many threads there were, nobody can tell from a model.
    private static let saidElsewhere: Set = ["epochs", "seed", "threads"]
}

extension JSONValue {
    /// Of an option.
    fileprivate var text: String? {
        switch self {
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value
        case .null, .array, .object: nil
        }
    }
}
