internal import ArgumentParser
internal import SqzProtocol

struct Finish: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ends trainings after the step in hand, with a model of what they have.",
        discussion: """
            A job that is paused, waits or has failed gets its turn in the queue for it, if it has a checkpoint. Of which epoch \
            the model is, train --keep says.

            For example:
              sqzctl finish 7
            """)

    @Argument(help: "The jobs' ids.", completion: Completions.unendedJobs) var jobs: [Int]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(jobs, "job", JobsInterface.Finish.self, { .init(id: $0) }) {
            "job \($0)  \($1.job.state == .running ? "is being finished" : "is finished when its turn comes")"
        }
    }
}
