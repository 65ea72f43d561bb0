internal import ArgumentParser

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a network on a data set; prints the job's id.",
        discussion: """
            For example:
              sqzctl train --data cifar-10-binary.tar.gz --epochs 10 --model cifar --follow
              sqzctl train --data cifar --epochs 100 --after 7 --time-limit 8h
            """)

    @Option(help: "A data set's name, or a path that is imported first. By default the only data set there is.")
    var data: String?
    @OptionGroup var train: TrainOptions
    @Option(help: "The name of the model that is made. By default the data set's.")
    var model: String?
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func run() throws {
        try Submitting(
            kind: "train", common: common, data: data, model: model, options: train.options, queue: queue
        ).run()
    }
}
