internal import SqzProtocol
internal import Varlink

/// A job or a model, with what can be held against another one's.
struct Compared {
    /// As it was named.
    let word: String
    let run: TrainingRun?
    let model: Model?
    /// All of the job's, with the defaults of those that were not given.
    let options: [String: String]

    var job: Job? { run?.job }
    var outcome: Outcome? { job?.outcome }

    var seconds: Double? { job?.seconds }

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
            ("temperature", outcome?.temperature.map(Format.figure)),
            ("warning", outcome?.warning ?? model?.warning), ("time", seconds.map(Format.duration)),
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
            ("temperature", outcome?.temperature.map(JSONValue.number)),
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
        var model: Model?
        if run == nil {
            let found = try call(ModelsInterface.Show.self, .init(model: word)).model
            model = found
            run = try found.job.flatMap { id in try known { try trainingRun(id) } }
        } else if let made = run?.job.outcome?.model ?? run?.job.model {
            // It may have been removed, or be still to come.
            model = try known { try call(ModelsInterface.Show.self, .init(model: made)).model }
        }
        let kind = run.flatMap { run in kinds.first { $0.name == run.job.kind } }
        let given = run?.job.options ?? [:]
        return Compared(
            word: run.map { "job \($0.job.id)" }.flatMap { Int(word) == nil ? nil : $0 } ?? word, run: run,
            model: model,
            options: kind?.all(given, tuning: run?.job.base != nil) ?? given.mapValues(\.plain))
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
