internal import Datasets
internal import ModelFiles
internal import SqueezeNet
public import SqzProtocol

/// The kinds of jobs that this runner does, with their options as the daemon and `sqzctl runners` show them.
public enum JobKinds {
    public static let all = [train, evaluate, predict, quantize, compress, calibrate]

    /// Runs a job; nil if it was asked to stop before it was done.
    static func run(
        _ run: RunnerInterface.Run.Parameters, inbox: Inbox, replies: RunReplies, ranks: Ranks
    ) throws -> RunResult? {
        guard let kind = all.first(where: { $0.name == run.kind }) else {
            throw SqzError.noSuchKind(kind: run.kind, kinds: all.map(\.name))
        }
        guard ranks.count == 1 || kind.ranks?.contains(ranks.count) == true else {
            throw SqzError.failed(reason: "\(kind.name) can't have \(ranks.count) ranks")
        }
        guard let dataset = run.dataset else { throw SqzError.invalidOption(option: "dataset", reason: "is needed") }
        let tuning = kind.tunes == true && run.model != nil
        let options = run.options.merging(ranks.defaults) { given, _ in given }
        if kind == train {
            let training = try ranks.agree(on: \.beginning) {
                try Training(
                    options: TrainOptions(options, of: kind, tuning: tuning), dataset: dataset, tuning: run.model,
                    teacher: run.models?["teacher"], directory: run.directory, inbox: inbox, replies: replies,
                    ranks: ranks
                ) { .init(run, of: kind, $0, tuning: $1) }
            }
            return try training.run()
        }
        func remaking(
            _ options: some JobOptions, _ measured: (MappedDataset, TrainingRecord?) throws -> Measured
        ) throws -> Remaking {
            try Remaking(
                run, dataset: dataset, threads: options.threads, inbox: inbox, replies: replies, measured: measured)
        }
        if kind == quantize {
            let options = try QuantizeOptions(run.options, of: kind, tuning: tuning)
            return try Quantizing(remaking(options) { try Measured(validating: $0, by: $1) }, options).run()
        }
        if kind == compress {
            let options = try CompressOptions(run.options, of: kind, tuning: tuning)
            return try Compressing(remaking(options) { try Measured(validating: $0, by: $1) }, options).run()
        }
        if kind == calibrate {
            let options = try CalibrateOptions(run.options, of: kind, tuning: tuning)
            return try Calibrating(remaking(options) { try Measured(options.split, of: $0, by: $1) }).run()
        }
        guard let model = run.model else { throw SqzError.invalidOption(option: "model", reason: "is needed") }
        func scoring<Told: ScoringOptions>(_: Told.Type) throws -> Scoring {
            try ranks.agree(on: \.beginning) {
                try Scoring(
                    model: model, dataset: dataset, Told(options, of: kind, tuning: false), inbox: inbox,
                    replies: replies, ranks: ranks)
            }
        }
        if kind == evaluate { return try scoring(EvaluateOptions.self).evaluate() }
        precondition(kind == predict, "\(kind.name) is offered, but nothing here runs it")
        return try scoring(PredictOptions.self).predict()
    }

    /// One picture to train with, one to validate.
    private static let train = JobKind(
        name: "train", help: "Trains a network on a data set and registers it as a model.", dataset: true, model: .made,
        options: TrainOptions.declarations, minimumPictures: 2, minimumClasses: Network.allowedClasses.lowerBound,
        sameClasses: true, tunes: true, named: true, presets: Recipe.Name.allCases.map(\.preset), finishes: true,
        ranks: Collective.allowedCounts)

    private static let evaluate = JobKind(
        name: "evaluate", help: "Measures what a model makes of a data set's test pictures.", dataset: true,
        model: .used, options: EvaluateOptions.declarations, sameClasses: true, ranks: Collective.allowedCounts)

    private static let predict = JobKind(
        name: "predict", help: "Predicts the classes of a data set's test pictures.", dataset: true, model: .used,
        options: PredictOptions.declarations, sameClasses: true, ranks: Collective.allowedCounts)

    private static let quantize = JobKind(
        name: "quantize",
        help: """
            Makes of a model one of eight bits or fewer, a quarter as large or less, and measures both. The base is the model; it stays \
            as it is.
            """, dataset: true, model: .made, options: QuantizeOptions.declarations, minimumPictures: 1,
        sameClasses: true, tunes: true, named: true, needsBase: true)

    private static let compress = JobKind(
        name: "compress",
        help: """
            Makes of a model one of a few numbers and many zeros, a sixth as large or less (Deep Compression), and measures both. It is \
            computed with in single precision. The base is the model; it stays as it is.
            """, dataset: true, model: .made, options: CompressOptions.declarations, minimumPictures: 1,
        sameClasses: true, tunes: true, named: true, needsBase: true)

    private static let calibrate = JobKind(
        name: "calibrate",
        help: """
            Makes of a model one whose probabilities say how often it is right, its logits divided by the temperature of the least loss, \
            and measures both. The base is the model; it stays as it is.
            """, dataset: true, model: .made, options: CalibrateOptions.declarations, minimumPictures: 1,
        sameClasses: true, tunes: true, named: true, needsBase: true)
}
