internal import SqzProtocol
internal import Varlink

/// What a report is made of: a training, the model that it made, and the newest measurement of that.
struct ReportData {
    let title: String
    /// nil where the model came from elsewhere, or its job is not known any more.
    let training: TrainingRun?
    /// Whose outcome has the measurement that is told: a job that evaluated, else the training.
    let measured: Job?
    let model: Model?
    let dataset: Dataset?
    let machine: ManagerInterface.Info.Reply
    let kinds: [JobKind]
    /// Those of the mistakes and examples, as base64 of PNG, by their numbers.
    let pictures: [Int: String]

    var measurement: Measurement? { measured?.outcome?.measurement }
    var outcome: Outcome? { measured?.outcome ?? training?.job.outcome }
    var classes: [ClassFigures] { outcome?.byClass ?? [] }
    var names: [String] { classes.map(\.name) }

    /// As many as one looks at.
    static let mostPictures = 24

    var mistakes: ArraySlice<MeasuredPicture> { (measurement?.mistakes ?? []).prefix(Self.mostPictures) }
    var examples: ArraySlice<MeasuredPicture> { (measurement?.examples ?? []).prefix(Self.mostPictures) }
}

extension ReportData {
    init(_ word: String, _ daemon: Daemon) throws {
        let named = try Self.find(word, daemon)
        let made = named.model.map { "\($0.name)@\($0.version)" }
        let training = named.training
        var measured = named.measured
        if measured == nil, let made, let dataset = training?.job.dataset ?? named.model?.dataset {
            let newest = try daemon.call(
                JobsInterface.List.self,
                .init(states: [.succeeded], limit: 1, kind: "evaluate", dataset: dataset, model: made)
            ).jobs.first
            measured = try newest.map { try daemon.call(JobsInterface.Show.self, .init(id: $0.id)).job }
        }
        if measured?.outcome?.measurement == nil, let job = training?.job { measured = job }
        let name = measured?.dataset ?? training?.job.dataset ?? named.model?.dataset
        self.init(
            title: named.title, training: training, measured: measured, model: named.model,
            dataset: try name.flatMap { name in
                try daemon.known { try daemon.call(DatasetsInterface.Show.self, .init(dataset: name)).dataset }
            },
            machine: try daemon.call(ManagerInterface.Info.self, NoParameters()), kinds: try daemon.kinds(),
            pictures: try Self.pictures(of: measured, daemon))
    }

    private struct Named {
        var title: String
        var training: TrainingRun?
        var measured: Job?
        var model: Model?
    }

    private static func find(_ word: String, _ daemon: Daemon) throws -> Named {
        guard let id = Int(word) else {
            let model = try daemon.call(ModelsInterface.Show.self, .init(model: word)).model
            let training = try model.job.flatMap { id in try daemon.known { try daemon.trainingRun(id) } }
            return Named(title: "Model \(model.name)@\(model.version)", training: training, model: model)
        }
        let run = try daemon.trainingRun(id)
        let model = try (run.job.outcome?.model ?? run.job.model).flatMap { name in
            try daemon.known { try daemon.call(ModelsInterface.Show.self, .init(model: name)).model }
        }
        let title = "Job \(id): \(run.job.name ?? run.job.kind)"
        guard run.epochs.isEmpty, run.job.outcome?.model == nil else {
            return Named(title: title, training: run, model: run.job.outcome?.model == nil ? nil : model)
        }
        let training = try model?.job.flatMap { id in try daemon.known { try daemon.trainingRun(id) } }
        return Named(title: title, training: training, measured: run.job, model: model)
    }

    /// None where the data set is not there any more.
    private static func pictures(of job: Job?, _ daemon: Daemon) throws -> [Int: String] {
        guard let found = job?.outcome?.measurement, let dataset = job?.dataset else { return [:] }
        let wanted = Set((found.mistakes.prefix(mostPictures) + found.examples.prefix(mostPictures)).map(\.picture))
        var pictures: [Int: String] = [:]
        for number in wanted.sorted() {
            let picture = try daemon.known {
                try daemon.call(
                    DatasetsInterface.Picture.self, .init(dataset: dataset, split: found.split, picture: number))
            }
            guard let picture else { return pictures }
            // It becomes a part of the page as it is.
            guard picture.data.utf8.allSatisfy(\.isBase64) else { throw ConnectionError.malformed("no picture") }
            pictures[number] = picture.data
        }
        return pictures
    }
}

extension UInt8 {
    fileprivate var isBase64: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
