internal import ArgumentParser
internal import SqzProtocol

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures what a model makes of a data set's test pictures; prints the job's id.",
        discussion: """
            That is loss, top-1 and top-5 accuracy, each class's accuracy and precision, which classes were taken for which, how \
            far the probabilities can be trusted (expected calibration error, 15 bins), and the worst mistakes. sqzctl show JOB \
            tells it again. For example:
              sqzctl evaluate --data fashion-mnist --model fashion-mnist --follow
              sqzctl evaluate --model fashion-mnist --mistakes 50 --mistakes-to wrong
              sqzctl evaluate --model fashion-mnist --calibrate --follow
            """)

    @OptionGroup var scored: Scored
    @OptionGroup var evaluate: EvaluateOptions
    @Option(
        help: ArgumentHelp(
            "Wait for the job's end, and write the pictures of the mistakes as PNG into this new directory.",
            valueName: "dir"), completion: .directory)
    var mistakesTo: String?
    @Flag(
        help: """
            Also make of the model one whose probabilities say how often it is right: its logits are divided by one temperature, that of \
            the least loss on what was held out of its training (train --validation-share), or on the pictures of --split; never on \
            those that it was trained on. Classes keep their order.
            """)
    var calibrate = false
    @Option(
        help:
            "With --calibrate, the name of the model that is made. By default MODEL's, of which it is the next version."
    )
    var name: String?
    @OptionGroup var processes: RankOptions
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func validate() throws {
        guard calibrate || name == nil else { throw ValidationError("--name is of the model that --calibrate makes") }
        guard !calibrate || scored.model != nil else {
            throw ValidationError("--calibrate needs the model of which another is made: --model")
        }
    }

    func run() throws {
        // Before there is a job.
        let pictures = try mistakesTo.map { try MistakePictures(directory: $0) }
        var queue = queue
        if pictures != nil { queue.follow = true }
        let ids = try Submitting(
            kind: calibrate ? "calibrate" : "evaluate", common: common, data: scored.data,
            model: calibrate ? name ?? scored.model?.ownName : scored.model, base: calibrate ? scored.model : nil,
            options: evaluate.options, queue: queue, processes: processes
        ).run()
        guard let pictures, let id = ids.first else { return }
        let daemon = try Daemon(common.quiet)
        try pictures.write(try daemon.call(JobsInterface.Show.self, .init(id: id)).job, daemon, isSilent: common.json)
    }
}

/// What evaluate and predict work on.
struct Scored: ParsableArguments {
    @Option(
        help: "A data set's name, or a path that is imported first. By default the only data set there is.",
        completion: Completions.data)
    var data: String?
    @Option(
        help: """
            NAME, NAME@VERSION or NAME@TAG; the NAME of what a job of --after makes is that version. For a NAME that has none yet \
            the job waits until it is made. By default your newest without a warning, else the daemon's default.
            """, completion: Completions.models)
    var model: String?
}
