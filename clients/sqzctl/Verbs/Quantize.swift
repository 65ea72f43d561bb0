internal import ArgumentParser
internal import SqzProtocol

struct Quantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes of a model one of eight bits or fewer, and measures both; prints the job's id.",
        discussion: """
            It is a quarter as large and faster, and gives the same answers on every machine. For example:
              sqzctl quantize cifar --data cifar --follow
              sqzctl quantize cifar@3 --name small --bits 4 --finetune 10
            """)

    @Argument(help: "NAME, NAME@VERSION or NAME@TAG of the model. It stays as it is.", completion: Completions.models)
    var model: String
    @Option(
        help: """
            The data set whose training pictures say how large activations become, and on whose validation pictures both models are \
            measured: a name, or a path that is imported first. By default the only data set there is.
            """, completion: Completions.data)
    var data: String?
    @Option(help: "The name of the model that is made. By default MODEL's with -int8 behind it.")
    var name: String?
    @OptionGroup var quantize: QuantizeOptions
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func run() throws {
        try Submitting(
            kind: "quantize", common: common, data: data, model: name ?? model.ownName + "-int8", base: model,
            options: quantize.options, queue: queue
        ).run()
    }
}
