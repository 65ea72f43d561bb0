internal import SqueezeNet
internal import SqzProtocol
internal import Varlink

/// The kinds of jobs that this runner does, with their options as the daemon and `sqzctl runners` show them.
enum JobKinds {
    static let all = [train, evaluate, predict]

    /// Runs a job; nil if it was asked to stop before it was done.
    static func run(
        _ run: RunnerInterface.Run.Parameters, inbox: Inbox, replies: RunReplies
    ) throws -> RunResult? {
        guard let dataset = run.dataset else { throw SqzError.invalidOption(option: "dataset", reason: "is needed") }
        let options = Options(values: run.options)
        if run.kind == train.name {
            return try Training(
                options: TrainOptions(options), dataset: dataset, directory: run.directory, inbox: inbox,
                replies: replies
            ).run()
        }
        guard run.kind == evaluate.name || run.kind == predict.name else {
            throw SqzError.noSuchKind(kind: run.kind, kinds: all.map(\.name))
        }
        guard let model = run.model else { throw SqzError.invalidOption(option: "model", reason: "is needed") }
        let scoring = try Scoring(
            model: model, dataset: dataset, threads: options.threads, inbox: inbox, replies: replies)
        return run.kind == evaluate.name
            ? try scoring.evaluate() : try scoring.predict(top: options.integer("top") ?? 5)
    }

    private static let threads = JobOption(
        name: "threads", type: .integer, help: "Threads to compute with; as many as there are processors by default.",
        minimum: 1, maximum: 1_024)

    private static let train = JobKind(
        name: "train", help: "Trains a network on a data set and registers it as a model.", dataset: true, model: .made,
        options: [
            JobOption(
                name: "arch", type: .text, help: "The network.", default: TrainOptions.defaults.architecture.rawValue,
                choices: Architecture.allCases.map(\.rawValue)),
            JobOption(
                name: "bypass", type: .text, help: "Connections around fire modules.",
                default: TrainOptions.defaults.bypass.rawValue, choices: Bypass.allCases.map(\.rawValue)),
            JobOption(
                name: "recipe", type: .text, help: "How it is trained.", default: Recipe.Name.tutorial.rawValue,
                choices: Recipe.Name.allCases.map(\.rawValue)),
            JobOption(
                name: "epochs", type: .integer, help: "How often every picture is seen.",
                default: String(TrainOptions.defaults.epochs), minimum: 1, maximum: 100_000),
            JobOption(
                name: "batch-size", type: .integer, help: "Pictures in one step.",
                default: String(TrainOptions.defaults.batchSize), minimum: 1, maximum: 8_192),
            JobOption(
                name: "learning-rate", type: .number, help: "Adam's learning rate.", default: "0.001", minimum: 1e-9,
                maximum: 10),
            JobOption(
                name: "seed", type: .integer, help: "The same seed gives the same weights, bit for bit.",
                default: String(TrainOptions.defaults.seed), minimum: 0),
            JobOption(
                name: "resize", type: .integer,
                help: "Crops pictures to this size: at random in training, else the centre.",
                default: "32", minimum: 8, maximum: 224),
            JobOption(
                name: "pad", type: .integer,
                help: "Zeros around a picture before it is cropped at random; 4 by default, 0 with resize.", minimum: 0,
                maximum: 16),
            JobOption(
                name: "validation-share", type: .number,
                help: "The share of the pictures that is kept for validation where the data set has no test pictures.",
                default: String(TrainOptions.defaults.validationShare), minimum: 0.001, maximum: 0.5),
            threads,
        ])

    private static let evaluate = JobKind(
        name: "evaluate", help: "Measures loss and top-1 accuracy on a data set's test pictures.", dataset: true,
        model: .used, options: [threads])

    private static let predict = JobKind(
        name: "predict", help: "Predicts the classes of a data set's test pictures.", dataset: true, model: .used,
        options: [
            JobOption(
                name: "top", type: .integer, help: "How many classes to keep for each picture.", default: "5",
                minimum: 1,
                maximum: 1_000), threads,
        ])
}
