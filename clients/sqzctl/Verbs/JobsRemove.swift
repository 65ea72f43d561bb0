internal import ArgumentParser
internal import SqzProtocol

struct JobsRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Removes jobs that have ended, with their events, logs, predictions and checkpoints.",
        discussion: """
            Models that they made stay. So does a job that another one waits for, or whose sweep goes on. No id is used again. For \
            example:
              sqzctl jobs rm 7 8
              sqzctl jobs rm sweep-9

            sqzctl prune removes all that have ended.
            """)

    @Argument(help: JobWord.help, completion: Completions.jobs([.succeeded, .failed, .cancelled])) var jobs: [JobWord]
    @OptionGroup var common: Common

    func run() throws {
        var removed: [Int] = []
        let all = Result {
            try eachJob(jobs, common) { id in
                _ = try Daemon(common).call(JobsInterface.Remove.self, .init(id: id))
                removed.append(id)
                if !common.json { Output.line("job \(id) removed") }
            }
        }
        // Also where others can't be.
        if common.json, !removed.isEmpty { try Output.object(["removed": removed]) }
        try all.get()
    }
}
