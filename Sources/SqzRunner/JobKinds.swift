internal import SqueezeNet
public import SqzProtocol

/// The kinds of jobs that this runner does, with their options as the daemon and `sqzctl runners` show them.
public enum JobKinds {
    public static let all = [train, evaluate, predict]

    /// Runs a job; nil if it was asked to stop before it was done.
    static func run(
        _ run: RunnerInterface.Run.Parameters, inbox: Inbox, replies: RunReplies
    ) throws -> RunResult? {
        guard let kind = all.first(where: { $0.name == run.kind }) else {
            throw SqzError.noSuchKind(kind: run.kind, kinds: all.map(\.name))
        }
        guard let dataset = run.dataset else { throw SqzError.invalidOption(option: "dataset", reason: "is needed") }
        if kind == train {
            return try Training(
                options: TrainOptions(run.options, of: kind), dataset: dataset, directory: run.directory, inbox: inbox,
                replies: replies
            ).run()
        }
        guard let model = run.model else { throw SqzError.invalidOption(option: "model", reason: "is needed") }
        func scoring(_ options: some JobOptions) throws -> Scoring {
            try Scoring(model: model, dataset: dataset, threads: options.threads, inbox: inbox, replies: replies)
        }
        if kind == evaluate { return try scoring(EvaluateOptions(run.options, of: kind)).evaluate() }
        precondition(kind == predict, "\(kind.name) is offered, but nothing here runs it")
        let options = try PredictOptions(run.options, of: kind)
        return try scoring(options).predict(top: options.top)
    }

    /// One picture to train with, one to validate.
    private static let train = JobKind(
        name: "train", help: "Trains a network on a data set and registers it as a model.", dataset: true, model: .made,
        options: TrainOptions.declarations, minimumPictures: 2, minimumClasses: Network.allowedClasses.lowerBound,
        sameClasses: true)

    private static let evaluate = JobKind(
        name: "evaluate", help: "Measures loss and top-1 accuracy on a data set's test pictures.", dataset: true,
        model: .used, options: EvaluateOptions.declarations, sameClasses: true)

    private static let predict = JobKind(
        name: "predict", help: "Predicts the classes of a data set's test pictures.", dataset: true, model: .used,
        options: PredictOptions.declarations, sameClasses: true)
}
