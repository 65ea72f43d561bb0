internal import ArgumentParser

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a network on a data set; prints the job's id.",
        discussion: """
            For example:
              sqzctl train --data cifar --sweep learning-rate=0.05,0.1,0.2 --seeds 1..3
              sqzctl train --data cifar-10-binary.tar.gz --epochs 10 --model cifar --follow
              sqzctl train --data cifar --epochs 100 --after 7 --time-limit 8h
              sqzctl train --data photos --from imagenet --freeze features --follow
              sqzctl train --epochs 200 --stop-early 20 --then-evaluate --follow
              sqzctl train --data cifar --ranks 4 --threads 8 --follow
            """)

    @Option(
        help: "A data set's name, or a path that is imported first. By default the only data set there is.",
        completion: Completions.data)
    var data: String?
    @OptionGroup var train: TrainOptions
    @Option(help: "The name of the model that is made. By default the data set's.", completion: Completions.modelNames)
    var model: String?
    @Option(
        help: """
            NAME or NAME@VERSION of a model to begin with: its network, its weights and what pictures go through are taken; the \
            classifier is new where the classes are others.
            """, completion: Completions.models)
    var from: String?
    @Flag(help: "Leave a model of what it has when it is cancelled, or its deadline or time limit is over.")
    var keepPartial = false
    @Flag(
        help: """
            Evaluate the model when it is made, by a second job: on the data set's test pictures, else those held out of the \
            training. Prints that job's id in a second line; --follow streams both.
            """)
    var thenEvaluate = false
    @Option(
        help: ArgumentHelp(
            "Follow the job, and write what its epochs come to into this directory, as they end, for TensorBoard.",
            valueName: "dir"), completion: .directory)
    var tensorboard: String?
    @OptionGroup var sweep: SweepOptions
    @OptionGroup var processes: RankOptions
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func run() throws {
        try Submitting(
            kind: "train", common: common, data: data, model: model, base: from, options: train.options,
            keepsPartial: keepPartial, isEvaluated: thenEvaluate, queue: queue, processes: processes,
            events: tensorboard.map { EventFolder(path: $0) }, sweep: sweep
        ).run()
    }
}
