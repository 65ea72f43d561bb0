internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a network on a data set; prints the job's id.",
        discussion: """
            For example:
              sqzctl train --data cifar-10-binary.tar.gz --pad 4 --epochs 10 --model cifar --follow
              sqzctl train --data cifar --epochs 100 --after 7 --time-limit 8h --deadline 2026-12-01T08:00

            What each option means to the runner, and its default, is in sqzctl runners.
            """)

    @Option(help: "A data set's name, or a path that is imported first. By default the only data set there is.")
    var data: String?
    @Option(help: "The network: squeezenet-cifar, squeezenet-1.0 or squeezenet-1.1.")
    var arch: String?
    @Option(help: "Connections around fire modules: none, simple or complex.")
    var bypass: String?
    @Option(help: "How it is trained: tutorial.")
    var recipe: String?
    @Option(parsing: .unconditional, help: "How often every picture is seen.")
    var epochs: Int?
    @Option(parsing: .unconditional, help: "Pictures in one step.")
    var batchSize: Int?
    @Option(parsing: .unconditional, help: "Adam's learning rate.")
    var learningRate: Double?
    @Option(parsing: .unconditional, help: "The same seed gives the same weights, bit for bit.")
    var seed: Int?
    @Option(parsing: .unconditional, help: "Crops pictures to this size.")
    var resize: Int?
    @Option(parsing: .unconditional, help: "Zeros around a picture before it is cropped at random.")
    var pad: Int?
    @Option(parsing: .unconditional, help: "Threads to compute with.")
    var threads: Int?
    @Option(help: "The name of the model that is made. By default the data set's.")
    var model: String?
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func run() throws {
        var options: [String: JSONValue] = [:]
        options["arch"] = arch.map(JSONValue.string)
        options["bypass"] = bypass.map(JSONValue.string)
        options["recipe"] = recipe.map(JSONValue.string)
        options["epochs"] = epochs.map { .integer(Int64($0)) }
        options["batch-size"] = batchSize.map { .integer(Int64($0)) }
        options["learning-rate"] = learningRate.map(JSONValue.number)
        options["seed"] = seed.map { .integer(Int64($0)) }
        options["resize"] = resize.map { .integer(Int64($0)) }
        options["pad"] = pad.map { .integer(Int64($0)) }
        options["threads"] = threads.map { .integer(Int64($0)) }
        try Submitting(
            kind: "train", common: common, data: data, model: model, options: options, queue: queue
        ).run()
    }
}
