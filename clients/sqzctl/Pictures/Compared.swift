internal import SqzProtocol
internal import Varlink

/// A job or a model, with what can be held against another one's.
struct Compared {
    /// As it was named.
    let word: String
    let run: TrainingRun?
    let model: Model?
    /// How the model was made, and what it was made of.
    let history: [Generation]
    /// All of the job's, with the defaults of those that were not given; of what was made of a trained model, those of its training too.
    let options: [String: String]

    var job: Job? { run?.job }
    var outcome: Outcome? { job?.outcome }

    var seconds: Double? { job?.seconds }

    /// What its logits were divided by since it was trained.
    var temperature: Double? {
        let all = history.prefix { $0.isRemade }.compactMap(\.temperature)
        return all.isEmpty ? outcome?.temperature : all.reduce(1, *)
    }

    /// Of the last epoch, else over the whole job.
    var imagesPerSecond: Double? { run?.epochs.last?.progress.imagesPerSecond ?? job?.progress?.imagesPerSecond }

    /// What it is measured by: names and values, as people read them.
    var figures: [(String, String?)] {
        let found = outcome?.measurement
        return [
            ("kind", job?.kind), ("state", job?.state.rawValue), ("data set", job?.dataset ?? model?.dataset),
            ("model", model.map { "\($0.name)@\($0.version)" } ?? outcome?.model ?? job?.model),
            ("tuned from", job?.base), ("architecture", model.map { "\($0.architecture), bypass \($0.bypass)" }),
            ("measured", outcome?.measured), ("epoch", outcome?.epoch.map(String.init)),
            ("loss", (outcome?.loss ?? model?.loss).map(Format.figure)),
            ("accuracy", (outcome?.accuracy ?? model?.accuracy).map(percent)), ("top-5", found?.topFive.map(percent)),
            ("calibration error", found?.calibrationError.map(percent)),
            ("temperature", temperature.map(Format.figure)),
            ("warning", outcome?.warning ?? model?.warning), ("time", seconds.map(Format.took)),
            ("images/s", imagesPerSecond.map { Format.decimal($0, places: $0 < 100 ? 1 : 0) }),
            ("size", model.map { Format.bytes($0.size) }), ("parameters", model.map { Format.number($0.parameters) }),
            ("multiply-adds", model.map { Format.number($0.multiplyAdds) }),
        ]
    }

    private func percent(_ value: Double) -> String { Format.decimal(value * 100, places: 2) + " %" }

    /// What a program reads of it.
    var object: [String: JSONValue] {
        let found = outcome?.measurement
        let members: [(String, JSONValue?)] = [
            ("name", .string(word)), ("job", job.map { .integer(Int64($0.id)) }),
            ("kind", job.map { .string($0.kind) }),
            ("state", job.map { .string($0.state.rawValue) }),
            ("dataset", (job?.dataset ?? model?.dataset).map(JSONValue.string)),
            ("model", (model.map { "\($0.name)@\($0.version)" } ?? outcome?.model).map(JSONValue.string)),
            ("base", job?.base.map(JSONValue.string)),
            ("options", .object(options.mapValues(JSONValue.string))),
            ("epoch", outcome?.epoch.map { .integer(Int64($0)) }),
            ("loss", (outcome?.loss ?? model?.loss).map(JSONValue.number)),
            ("accuracy", (outcome?.accuracy ?? model?.accuracy).map(JSONValue.number)),
            ("topFive", found?.topFive.map(JSONValue.number)),
            ("calibrationError", found?.calibrationError.map(JSONValue.number)),
            ("temperature", temperature.map(JSONValue.number)),
            ("seconds", seconds.map(JSONValue.number)), ("imagesPerSecond", imagesPerSecond.map(JSONValue.number)),
            ("size", model.map { .integer(Int64($0.size)) }),
            ("parameters", model.map { .integer(Int64($0.parameters)) }),
            ("multiplyAdds", model.map { .integer(Int64($0.multiplyAdds)) }),
        ]
        return Dictionary(members.compactMap { name, value in value.map { (name, $0) } }) { first, _ in first }
    }
}

extension Job {
    /// How long it took, from its first start to its end.
    var seconds: Double? {
        guard let startedAt, let endedAt else { return nil }
        return Double(endedAt - startedAt) / 1e6
    }

    /// With the defaults of those that it was not given.
    fileprivate func allOptions(_ kinds: [JobKind]) -> [String: String] {
        let kind = kinds.first { $0.name == self.kind }
        return kind?.all(options, tuning: base != nil) ?? options.mapValues(\.plain)
    }
}

extension Generation {
    /// Whether another model was made so without training.
    fileprivate var isRemade: Bool { bits != nil || temperature != nil }
}

extension JobKind {
    /// The options of a job of this kind: those that it was given, and the defaults of the others.
    func all(_ given: [String: JSONValue], tuning: Bool) -> [String: String] {
        let defaults = options.compactMap { option in option.default(tuning: tuning).map { (option.name, $0) } }
        var all = Dictionary(defaults) { first, _ in first }
        for preset in presets ?? [] where (given[preset.option]?.plain ?? all[preset.option]) == preset.value {
            all.merge(preset.defaults) { $1 }
        }
        return all.merging(given.mapValues(\.plain)) { $1 }
    }
}

extension Daemon {
    /// A job by its id, or a model by its name with the job that made it, if there is one still.
    func compared(_ word: String, _ kinds: [JobKind]) throws -> Compared {
        var run = try Int(word).map { try trainingRun($0) }
        var shown: ModelsInterface.Show.Reply?
        if run == nil {
            let found = try call(ModelsInterface.Show.self, .init(model: word))
            shown = found
            run = try found.model.job.flatMap { id in try known { try trainingRun(id) } }
        } else if let made = run?.job.outcome?.model ?? run?.job.model {
            // It may have been removed, or be still to come.
            shown = try known { try call(ModelsInterface.Show.self, .init(model: made)) }
        }
        let history = shown?.history ?? []
        let options = run.map { $0.job.allOptions(kinds) } ?? [:]
        return Compared(
            word: run.map { "job \($0.job.id)" }.flatMap { Int(word) == nil ? nil : $0 } ?? word, run: run,
            model: shown?.model, history: history,
            options: try options.merging(training(run?.job, history, kinds)) { $1 })
    }

    /// The options of the training that a model comes from, where that was another job than the one that made it.
    private func training(_ job: Job?, _ history: [Generation], _ kinds: [JobKind]) throws -> [String: String] {
        guard let index = history.firstIndex(where: { !$0.isRemade }), index > 0 || job == nil else { return [:] }
        // Elsewhere another model may have had the name.
        if index > 0, let name = history[index - 1].base,
            let base = try known({ try call(ModelsInterface.Show.self, .init(model: name)).model }),
            base.weightsSha256 == history[index - 1].baseWeightsSha256, let id = base.job,
            let job = try known({ try call(JobsInterface.Show.self, .init(id: id)).job })
        {
            return job.allOptions(kinds)
        }
        var options = history[index].options ?? [:]
        options["epochs"] = history[index].epochs.map(String.init)
        options["seed"] = history[index].seed.map(String.init)
        return options
    }

    /// nil where the daemon says that there is no such thing.
    func known<Value>(_ body: () throws -> Value) throws -> Value? {
        do {
            return try body()
        } catch let error as VarlinkError {
            switch SqzError(error) {
            case .noSuchJob?, .noSuchModel?, .noSuchDataset?, .noSuchPicture?: return nil
            default: throw error
            }
        }
    }

    /// What all runners say of their kinds.
    func kinds() throws -> [JobKind] {
        try call(ManagerInterface.Runners.self, NoParameters()).runners.flatMap(\.kinds)
    }
}
