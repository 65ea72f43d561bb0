internal import ArgumentParser
internal import SqzProtocol

struct Compress: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes of a model a far smaller file, and measures both; prints the job's id.",
        discussion: """
            Most weights become zero, the others few numbers, and both learn what they lost (Deep Compression). It is computed with in \
            single precision, as fast as before. For example:
              sqzctl compress cifar --data cifar --target 80kB --follow
              sqzctl compress cifar@3 --sparsity 0.7 --bits 5 --name small
            """)

    @Argument(help: "NAME, NAME@VERSION or NAME@TAG of the model. It stays as it is.", completion: Completions.models)
    var model: String
    @Option(
        help: """
            The data set whose training pictures it learns of again, and on whose validation pictures both models are measured: a name, \
            or a path that is imported first. By default the only data set there is.
            """, completion: Completions.data)
    var data: String?
    @Option(help: "The name of the model that is made. By default MODEL's with -small behind it.")
    var name: String?
    @OptionGroup var compress: CompressOptions
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func validate() throws {
        guard let target = compress.target, FileSize(target) == nil else { return }
        throw ValidationError("--target \(target) is no size; right would be \(FileSize.examples)")
    }

    func run() throws {
        try Submitting(
            kind: "compress", common: common, data: data, model: name ?? model.ownName + "-small", base: model,
            options: compress.options, queue: queue
        ).run()
    }
}
