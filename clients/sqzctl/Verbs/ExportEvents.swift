internal import ArgumentParser
internal import SqzProtocol

struct ExportEvents: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes what a job came to as a file that TensorBoard reads.",
        discussion: """
            That is the figures of its epochs, its options as a text, and the confusion matrix as a picture. Each job gets a \
            directory of its own, job-ID, so that TensorBoard shows several next to each other; written again, the file is \
            replaced. For example:
              sqzctl export-events 7 runs && tensorboard --logdir runs
            """)

    @Argument(help: "The job's id.", completion: Completions.jobs()) var job: Int
    @Argument(
        help: ArgumentHelp("The directory, which is made if it is not there.", valueName: "dir"), completion: .directory
    )
    var directory: String
    @OptionGroup var common: Common

    func run() throws {
        let run = try Daemon(common.quiet).trainingRun(job)
        guard !run.epochs.isEmpty || run.job.outcome?.measurement != nil else {
            throw UsageError(
                description: "job \(job) has no figures yet; right would be one with epochs, or an evaluation")
        }
        let path = try EventFolder(path: directory).write(run)
        if common.json { return try Output.object(["file": path]) }
        Output.line("\(path): \(Format.count(run.epochs.count, "epoch"))")
    }
}
